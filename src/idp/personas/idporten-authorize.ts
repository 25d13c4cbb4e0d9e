import { randomBytes } from 'node:crypto';
import { rowOf } from '../engine/client.ts';
import { Refusal } from '../engine/refusal.ts';
import type { AuthorizePolicy } from '../policy/authorize-policy.ts';
import type { ClientAt } from '../realm-parts.ts';
import { isSyntheticPid } from '../people/pid.ts';
import { IDPORTEN_MAX_AGE, IDPORTEN_REQUEST_OBJECT, IDPORTEN_TESTID_LOW_ACR } from '../unconfirmed.ts';
import { readFurther } from './idporten-further.ts';
import { registrationOf } from './idporten-registration.ts';
import { manifestFix } from './manifest-fix.ts';

/** Levels of assurance in rising order; `eidas-*` rank alike but are asked for by their own names. */
const RANKS = ['selfregistered-email', 'idporten-loa-low', 'idporten-loa-substantial', 'idporten-loa-high'];

/** How ID-porten judges authorization requests and answers them. */
export function idportenAuthorizePolicy(): AuthorizePolicy {
  return {
    path: () => '/authorize',
    pushed: { prefix: 'urn:idporten:', lifetimeSeconds: 120 },
    issInAnswer: true,
    responseModes: ['query', 'form_post', 'query.jwt', 'form_post.jwt'],
    further: readFurther,
    challengeMethods: ['S256'],
    redirectMatches: (registered, uri) => registered.includes(uri),
    stateAndNonce: 'public-clients',
    resource: 'audience',
    requestObjects: IDPORTEN_REQUEST_OBJECT,
    maxAge: IDPORTEN_MAX_AGE,
    checkScopes,
    requiredAcr,
    acrSatisfies,
    levels: [
      { value: 'substantial', acr: 'idporten-loa-substantial' },
      { value: 'high', acr: 'idporten-loa-high' },
    ],
    hint: readHint,
    lowHint: IDPORTEN_TESTID_LOW_ACR,
    choices: (realm) => realm.people.all(),
    typedPid: true,
    admit: () => {},
    onPage: ['hint-refused', 'sign-in-unknown'],
    codeLifetimeSeconds: 120,
    makeCode: () => `${randomBytes(16).toString('base64url')}.${randomBytes(32).toString('base64url')}`,
    makeSid: () => randomBytes(32).toString('base64url'),
    extras: () => ({}),
    errorParameters: (fault) => ({ error: fault.error, error_description: fault.text }),
  };
}

function checkScopes({ realm, client }: ClientAt, scopes: readonly string[]): void {
  const registered = registrationOf(client).scopes;
  if (!scopes.includes('openid')) throw new Refusal('scope-missing', { client: client.id });
  const unknown = scopes.find((scope) => !registered.includes(scope));
  if (unknown === undefined) return;
  const fix = manifestFix(realm.snapshot(), {
    app: rowOf(client).app,
    path: 'spec.idporten.scopes',
    add: `- ${unknown}`,
  });
  throw new Refusal('scope-unknown', { scope: unknown, client: client.id }, fix);
}

/** The lowest level asked for: any of the values satisfies, so none above it may be demanded; `eidas-*` when one of them was foreign. */
function requiredAcr(values: readonly string[]): string | undefined {
  if (values.length === 0) return undefined;
  const known = values.filter((value) => rankOf(value) >= 0).toSorted((a, b) => rankOf(a) - rankOf(b));
  const [lowest] = known;
  if (lowest === undefined) throw new Refusal('acr-unknown', { parameter: 'acr_values' });
  return known.some(isForeign) ? lowest.replace(/^idporten-/, 'eidas-') : lowest;
}

/** A foreign level is for those who ask for one by its own name. */
function acrSatisfies(acr: string, required: string | undefined): boolean {
  if (required === undefined) return true;
  return rankOf(acr) >= rankOf(required) && (!isForeign(acr) || isForeign(required));
}

function isForeign(acr: string): boolean {
  return acr.startsWith('eidas-');
}

function rankOf(acr: string): number {
  return RANKS.indexOf(acr.replace(/^eidas-/, 'idporten-'));
}

/** `testid:<pid>_<acr>`, exactly. */
function readHint(hint: string): { readonly pid: string; readonly acr: string } | undefined {
  const [, pid = '', acr = ''] = /^(\d{11})_([a-z-]+)$/.exec(hint) ?? [];
  return isSyntheticPid(pid) && rankOf(acr) >= 0 ? { pid, acr } : undefined;
}
