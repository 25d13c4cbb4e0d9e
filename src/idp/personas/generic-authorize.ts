import { randomBytes } from 'node:crypto';
import { Refusal } from '../engine/refusal.ts';
import type { FurtherRequest } from '../engine/user-grant.ts';
import type { AuthorizePolicy } from '../policy/authorize-policy.ts';
import type { ClientAt } from '../realm-parts.ts';
import type { Person } from '../people/person.ts';
import { isSyntheticPid } from '../people/pid.ts';
import { words } from '../words.ts';
import { subjectOf } from './generic-claims.ts';
import { errorParameters } from './generic-faults.ts';
import { PROMPTS } from './generic-settings.ts';
import type { GenericSettings } from './generic-settings.ts';

const PUSHED = {
  prefix: 'urn:ietf:params:oauth:request_uri:',
  lifetimeSeconds: 60,
  spentByCode: true,
  tolerant: true,
};

/** How a generic persona authorizes (OpenID Connect Core 3.1.2, RFC 9126, RFC 9207). */
export function authorizePolicy(settings: GenericSettings): AuthorizePolicy {
  return {
    path: () => '/authorize',
    pushed: { ...PUSHED, required: settings.pushed === 'required' },
    issInAnswer: true,
    responseModes: settings.responseModes,
    challengeMethods: ['S256'],
    redirectMatches: (registered, uri) =>
      registered.includes(uri) || (settings.loopbackPorts && matchesLoopback(registered, uri)),
    // FAPI 2.0 Security Profile 5.3.2.2: a pushed request has to name the address.
    soleRedirect: settings.pushed === 'offered',
    consentAsks: true,
    claimsParameter: true,
    subjectOf: (realm, clientId, pid) => subjectOf(settings, realm, clientId, pid),
    stateAndNonce: 'optional',
    resource: 'audience',
    requestObjects: 'refuse',
    maxAge: true,
    further: checkPrompt,
    checkScopes: (site, scopes) => checkScopes(settings, site, scopes),
    requiredAcr: (values) => settings.acrs.find((acr) => values.includes(acr)),
    acrSatisfies: (acr, required) =>
      required === undefined || settings.acrs.indexOf(acr) >= settings.acrs.indexOf(required),
    levels: settings.acrs.map((acr) => ({ value: acr, acr })),
    hint: (hint, people) => readHint(settings, hint, people),
    lowHint: 'page',
    choices: (realm) => realm.people.all(),
    typedPid: true,
    admit: () => {},
    onPage: ['sign-in-unknown', 'request-uri-unknown'],
    codeLifetimeSeconds: 60,
    makeCode: () => randomBytes(32).toString('base64url'),
    makeSid: () => randomBytes(32).toString('base64url'),
    extras: () => ({}),
    errorParameters,
  };
}

/** Whoever lists its prompts refuses the others (Initiating User Registration 1.0 4). */
function checkPrompt({ client }: ClientAt, parameters: ReadonlyMap<string, string>): FurtherRequest {
  const unknown = words(parameters.get('prompt')).find((word) => !PROMPTS.includes(word));
  if (unknown !== undefined) throw new Refusal('prompt-unknown', { prompt: unknown, client: client.id });
  return {};
}

/** Every scope on the client or, where it registered none, of the persona. */
function checkScopes(settings: GenericSettings, { client }: ClientAt, scopes: readonly string[]): void {
  if (scopes.length === 0) throw new Refusal('scope-missing', { client: client.id });
  const allowed = client.openid?.scopes ?? settings.scopes;
  const unknown = scopes.find((scope) => !allowed.includes(scope));
  if (unknown !== undefined) throw new Refusal('scope-unknown', { scope: unknown, client: client.id });
}

/** A native app listens on whatever port is free (RFC 8252 7.3); on `localhost` it could be anybody, so the literals only. */
function matchesLoopback(registered: readonly string[], uri: string): boolean {
  const bare = withoutLoopbackPort(uri);
  return bare !== undefined && registered.some((known) => withoutLoopbackPort(known) === bare);
}

function withoutLoopbackPort(uri: string): string | undefined {
  const [, origin, rest = ''] = /^(http:\/\/(?:127\.0\.0\.1|\[::1\]))(?::\d{1,5})?([/?].*)?$/.exec(uri) ?? [];
  return origin === undefined ? undefined : `${origin}${rest}`;
}

/** `testid:<pid | NAVident | preferred_username>`. */
function readHint(
  settings: GenericSettings,
  hint: string,
  people: readonly Person[],
): { readonly pid: string; readonly acr: string } | undefined {
  const acr = settings.acrs.at(-1) ?? '';
  const person = people.find(({ employee }) => [employee?.NAVident, employee?.preferredUsername].includes(hint));
  if (person !== undefined) return { pid: person.pid, acr };
  return isSyntheticPid(hint) ? { pid: hint, acr } : undefined;
}
