import { randomUUID } from 'node:crypto';
import type { TestContext } from 'node:test';
import { CLIENTS } from '../../src/idp/testing/rows.ts';
import { ASSERTION_TYPE, form, ISSUERS, openWorld, TENANT } from '../../src/idp/testing/world.ts';
import type { World } from '../../src/idp/testing/world.ts';
import type { Template } from './malformed/template.ts';
import type { Trap, Verifier } from './verifiers.ts';

const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** Assertions at the local ID-porten, Entra ID and Maskinporten, which take what the real ones are known to take. */
export async function localVerifiers(t: TestContext, trap: Trap): Promise<readonly Verifier[]> {
  const world = await openWorld();
  t.after(() => world.close());
  const { key, publicJwk } = world.key;
  const header = { alg: 'RS256', kid: publicJwk.kid, typ: 'JWT' };
  const base = { header, key, publicJwk, attacker: await trap.attacker(publicJwk.kid), trap: trap.origin };
  const template = (claims: object): Template => {
    const now = world.clock.now;
    return { ...base, now, claims: { ...claims, jti: randomUUID(), iat: now, exp: now + 30 } };
  };
  const of = (client: string, aud: string): Template => template({ iss: client, sub: client, aud });
  return [idporten(world, of), entra(world, of), maskinporten(world, template)];
}

function idporten(world: World, of: (client: string, aud: string) => Template): Verifier {
  return {
    name: 'client assertion at the local ID-porten',
    // A code nobody knows: `invalid_grant` is what a client hears that was believed.
    present: (make) =>
      ask(world, `${ISSUERS.idporten}/token`, 'invalid_grant', {
        client_id: CLIENTS.portal,
        grant_type: 'authorization_code',
        code: 'a.b',
        redirect_uri: 'http://127.0.0.1:7500/oauth2/callback',
        code_verifier: 'x'.repeat(43),
        client_assertion_type: ASSERTION_TYPE,
        client_assertion: make(of(CLIENTS.portal, ISSUERS.idporten)),
      }),
    rightly: isLongerRsa,
  };
}

function entra(world: World, of: (client: string, aud: string) => Template): Verifier {
  const url = `${ISSUERS.entra}/${TENANT}/oauth2/v2.0/token`;
  return {
    name: 'client assertion at the local Entra ID',
    present: (make) =>
      ask(world, url, undefined, {
        client_id: CLIENTS.desk,
        grant_type: 'client_credentials',
        scope: `${CLIENTS.api}/.default`,
        client_assertion_type: ASSERTION_TYPE,
        client_assertion: make(of(CLIENTS.desk, url)),
      }),
    rightly: (token) => isTypeOfOwn(token) || isLongLife(token, world),
  };
}

function maskinporten(world: World, template: (claims: object) => Template): Verifier {
  return {
    name: 'grant at the local Maskinporten',
    present: (make) => {
      const claims = { iss: CLIENTS.feed, aud: ISSUERS.maskinporten, scope: 'demo:feed/read' };
      return ask(world, `${ISSUERS.maskinporten}token`, undefined, {
        grant_type: GRANT,
        assertion: make(template(claims)),
      });
    },
    rightly: (token) => isLongerRsa(token) || isTypeOfOwn(token) || isNotBegun(token),
  };
}

async function ask(
  world: World,
  url: string,
  believed: string | undefined,
  fields: Readonly<Record<string, string>>,
): Promise<string> {
  const answer = await world.fetch(url, form(fields));
  const text = await answer.text();
  if (answer.status === 200 || (believed !== undefined && text.includes(`"${believed}"`))) return 'accepted';
  return answer.status >= 400 && answer.status < 500 ? 'refused' : `${answer.status} ${text}`;
}

/** A member of the header (0) or of the claims (1). */
function memberOf(token: string, segment: 0 | 1, name: string): unknown {
  try {
    const members: unknown = JSON.parse(Buffer.from(token.split('.')[segment] ?? '', 'base64url').toString());
    if (typeof members !== 'object' || members === null) return undefined;
    return Object.getOwnPropertyDescriptor(members, name)?.value;
  } catch {
    return undefined;
  }
}

const isLongerRsa = (token: string): boolean => ['RS384', 'RS512'].includes(String(memberOf(token, 0, 'alg')));
const isTypeOfOwn = (token: string): boolean =>
  typeof memberOf(token, 0, 'typ') === 'string' && memberOf(token, 0, 'typ') !== 'JWT';
/** Entra ID caps no lifetimes. */
const isLongLife = (token: string, { clock }: World): boolean => Number(memberOf(token, 1, 'exp')) > clock.now + 30;
/** Maskinporten lets `nbf` stand and does not read it. */
const isNotBegun = (token: string): boolean => typeof memberOf(token, 1, 'nbf') === 'number';
