import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { AzureRegistration, Client } from '../../registry/model.ts';
import { appOfAdded } from '../clients/overlay.ts';
import { GUID, uuidV5 } from '../guid.ts';
import * as field from '../clients/fields.ts';
import { problemsOf } from '../clients/registration-problem.ts';
import type { ClientContext, ClientKind, ReadClient } from './client-kind.ts';

const guid = z.string().regex(GUID, 'not a GUID in lower case');
const password = z.strictObject({
  displayName: z.string().optional(),
  secretText: field.text.optional(),
  endDateTime: z.iso.datetime({ offset: true }).optional(),
  /** Of a secret that stays: what it was shown as. */
  keyId: z.string().optional(),
});
const federated = z.strictObject({
  name: z.string().optional(),
  issuer: field.text,
  subject: field.text,
  audiences: z.array(field.text).length(1).default(['api://AzureADTokenExchange']),
  jwks: field.jwks,
});
const caller = z.strictObject({
  appId: field.text,
  roles: z.array(field.text).default([]),
  scopes: z.array(field.text).default([]),
});
const registration = z.strictObject({
  appId: guid.optional(),
  displayName: field.text.optional(),
  tenant: field.text.optional(),
  signInAudience: z.enum(['AzureADMyOrg', 'AzureADMultipleOrgs']).optional(),
  identifierUris: z.array(field.text).optional(),
  redirectUris: field.addresses.optional(),
  web: z.strictObject({ redirectUris: field.addresses.optional(), logoutUrl: field.webAddress.optional() }).optional(),
  spa: z.union([z.boolean(), z.strictObject({ redirectUris: field.addresses })]).default(false),
  logoutUrl: field.webAddress.optional(),
  passwordCredentials: z.array(password).max(10).optional(),
  jwks: field.jwks.optional(),
  certificates: z.array(field.certificate).max(10).default([]),
  federatedIdentityCredentials: z.array(federated).max(20).default([]),
  groups: z.array(guid).default([]),
  allowAllUsers: z.boolean().optional(),
  preAuthorizedApplications: z.array(caller).default([]),
  servicePrincipalId: guid.optional(),
  source: z.unknown().optional(),
});

type Data = z.infer<typeof registration>;

/** Applications of Entra ID, with the names of Graph where it has one. */
export const entraClients: ClientKind = {
  idName: 'appId',
  read,
  show: ({ row, callers }) => {
    if (row?.registration.provider !== 'azure') return {};
    return {
      ...shown(row, row.registration),
      preAuthorizedApplications: callers?.map(({ caller: appId, roles, scopes }) => ({ appId, roles, scopes })),
    };
  },
};

function read(value: unknown, context: ClientContext): ReadClient {
  const parsed = registration.safeParse(value);
  if (!parsed.success) return { ok: false, problems: problemsOf(parsed.error) };
  const { data } = parsed;
  const { persona, source, position } = context;
  const id = data.appId ?? randomUUID();
  const passwords = passwordsOf(data, context);
  const row: Client = {
    app: appOfAdded(persona, id, data.displayName),
    provider: 'azure',
    clientId: id,
    state: 'ready',
    keys: [...(data.jwks?.keys ?? []), ...data.certificates],
    registration: toRegistration(id, data, passwords),
  };
  const callers = data.preAuthorizedApplications.map(({ appId, ...rest }) => ({ ...rest, caller: appId }));
  const once = passwords.shown.length === 0 ? {} : { passwordCredentials: passwords.shown };
  return { ok: true, client: { persona, id, source, position, row, callers }, once };
}

type Passwords = Pick<AzureRegistration, 'secretHashes' | 'secretEnds'> & { readonly shown: readonly object[] };

/** Left out, all secrets stay; of those given, one that only names a known secret keeps it, and the others are new. */
function passwordsOf({ passwordCredentials }: Data, { before }: ClientContext): Passwords {
  const old = before?.row?.registration;
  const known: Pick<AzureRegistration, 'secretHashes' | 'secretEnds'> =
    old?.provider === 'azure' ? old : { secretHashes: [] };
  if (passwordCredentials === undefined) {
    const { secretHashes, secretEnds } = known;
    return { secretHashes, ...(secretEnds === undefined ? {} : { secretEnds }), shown: [] };
  }
  const all = passwordCredentials.map(({ secretText, endDateTime, displayName, keyId }) => {
    const kept = secretText === undefined ? known.secretHashes.find((hash) => keyIdOf(hash) === keyId) : undefined;
    if (kept !== undefined) return { hash: kept, told: { keyId, endDateTime }, endDateTime, made: false };
    const secret = secretText ?? field.makeSecret();
    const hash = field.hashSecret(secret);
    const told = { keyId: keyIdOf(hash), displayName, secretText: secret, endDateTime };
    return { hash, told, endDateTime, made: true };
  });
  const ends = all.flatMap(({ hash, endDateTime }): readonly [string, number][] =>
    endDateTime === undefined ? [] : [[hash, Date.parse(endDateTime) / 1000]],
  );
  return {
    secretHashes: all.map(({ hash }) => hash),
    ...(ends.length === 0 ? {} : { secretEnds: Object.fromEntries(ends) }),
    shown: all.some(({ made }) => made) ? all.map(({ told }) => told) : [],
  };
}

/** Names a secret without being it. */
function keyIdOf(hash: string): string {
  return uuidV5(`secret ${hash}`);
}

function toRegistration(id: string, data: Data, { secretHashes, secretEnds }: Passwords): AzureRegistration {
  const own = [...(data.redirectUris ?? []), ...(data.web?.redirectUris ?? [])];
  const spa = typeof data.spa === 'object' ? data.spa.redirectUris : data.spa ? own : [];
  const logout = data.logoutUrl ?? data.web?.logoutUrl;
  return {
    provider: 'azure',
    ...(data.tenant === undefined ? {} : { tenant: data.tenant }),
    displayName: data.displayName ?? id,
    servicePrincipalId: data.servicePrincipalId ?? uuidV5(`service principal ${id}`),
    identifierUris: data.identifierUris ?? [`api://${id}`],
    redirectUris: [...new Set([...own, ...spa])],
    ...(spa.length === 0 ? {} : { spaRedirectUris: spa }),
    ...(logout === undefined ? {} : { frontchannelLogoutUri: logout }),
    allowAllUsers: data.allowAllUsers ?? data.groups.length === 0,
    groups: data.groups,
    secretHashes,
    ...(secretEnds === undefined ? {} : { secretEnds }),
    ...(data.signInAudience === undefined ? {} : { signInAudience: data.signInAudience }),
    ...(data.federatedIdentityCredentials.length === 0
      ? {}
      : {
          federatedCredentials: data.federatedIdentityCredentials.map(({ issuer, subject, audiences, jwks }) => ({
            issuer,
            subject,
            audience: audiences[0] ?? '',
            keys: jwks.keys,
          })),
        }),
  };
}

function shown(row: Client, registered: AzureRegistration): object {
  const { spaRedirectUris: spa = [] } = registered;
  return {
    appId: row.clientId,
    displayName: registered.displayName,
    tenant: registered.tenant,
    signInAudience: registered.signInAudience,
    servicePrincipalId: registered.servicePrincipalId,
    identifierUris: registered.identifierUris,
    redirectUris: registered.redirectUris.filter((uri) => !spa.includes(uri)),
    ...(spa.length === 0 ? {} : { spa: { redirectUris: spa } }),
    logoutUrl: registered.frontchannelLogoutUri,
    passwordCredentials: registered.secretHashes.map((hash) => {
      const end = registered.secretEnds?.[hash];
      const keyId = keyIdOf(hash);
      return end === undefined ? { keyId } : { keyId, endDateTime: new Date(end * 1000).toISOString() };
    }),
    ...(row.keys.length === 0 ? {} : { jwks: { keys: row.keys } }),
    federatedIdentityCredentials: registered.federatedCredentials?.map(({ issuer, subject, audience, keys }) => ({
      issuer,
      subject,
      audiences: [audience],
      jwks: { keys },
    })),
    groups: registered.groups,
    allowAllUsers: registered.allowAllUsers,
  };
}
