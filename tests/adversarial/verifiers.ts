import { randomUUID } from 'node:crypto';
import type { TestContext } from 'node:test';
import { createServer } from 'node:net';
import { createTestKeys, createWorld, IDP, ISSUER } from '../../src/exchange/testing/world.ts';
import type { Answer } from '../../src/exchange/testing/world.ts';
import { startProvider } from '../../src/login/testing/provider.ts';
import { startWorld } from '../../src/login/testing/proxy.ts';
import { generatePrivateJwk, publicJwk } from '../../src/oauth/jwk.ts';
import type { PrivateJwk } from '../../src/oauth/jwk.ts';
import { create } from '../../src/sdk/index.ts';
import { makeKeys, startProvider as startKeys, startSidecar, testEnv } from '../../src/sidecar/testing/sidecar.ts';
import { json } from '../../src/web/http.ts';
import { createAttacker, keyOf } from './malformed/template.ts';
import type { Attacker, Shape, Template } from './malformed/template.ts';
import { BAD_HERE } from './malformed/bad-here.ts';

/** A place that judges tokens, spoken to from outside. */
export interface Verifier {
  readonly name: string;
  /** Hands in what is made of a template of the moment: `accepted`, `refused`, or what else happened. */
  present(make: (template: Template) => string): Promise<string>;
  /** Shapes that are bad here and not everywhere, by row. */
  readonly also?: Readonly<Record<string, readonly Shape[]>>;
  /** Whether a shape is none of the bad ones here. */
  readonly rightly?: (token: string) => boolean;
}

/** A listener that nobody may connect to. */
export interface Trap {
  readonly origin: string;
  connections(): number;
  /** Who would answer there, under the name of this key. */
  attacker(kid: string): Promise<Attacker>;
}

/** Opens one; it ends with the test. */
export async function openTrap(t: TestContext): Promise<Trap> {
  let connections = 0;
  let made: Promise<Attacker> | undefined;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => new Promise((resolve) => server.close(resolve)));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the trap has no port');
  return {
    origin: `http://127.0.0.1:${address.port}`,
    connections: () => connections,
    async attacker(kid) {
      made ??= createAttacker();
      const { rsaJwk, rsaPrivateJwk, ...rest } = await made;
      return { ...rest, rsaJwk: { ...rsaJwk, kid }, rsaPrivateJwk: { ...rsaPrivateJwk, kid } };
    },
  };
}

/** The parts of a template that stay the same for a verifier. */
export async function templateBase(
  jwk: PrivateJwk,
  trap: Trap,
): Promise<Pick<Template, 'header' | 'key' | 'publicJwk' | 'attacker' | 'trap'>> {
  const attacker = await trap.attacker(jwk.kid);
  const header = { alg: 'RS256', kid: jwk.kid, typ: 'JWT' };
  return { header, key: keyOf(jwk), publicJwk: publicJwk(jwk), attacker, trap: trap.origin };
}

/** What an answer of the exchange says of what was presented. */
export function verdictOf({ status, body, text }: Pick<Answer, 'status' | 'body' | 'text'>): string {
  if (status === 200) return 'accepted';
  const throttled = body['fm_reason'] === 'rate-limited' || status === 429;
  return status >= 400 && status < 500 && !throttled ? 'refused' : `${status} ${text}`;
}

/** Client assertions and subject tokens at the exchange server. */
export async function exchangeVerifiers(t: TestContext, trap: Trap): Promise<readonly Verifier[]> {
  const keys = await createTestKeys();
  const audience = 'https://our-api.example.test';
  const world = await createWorld({ keys, idp: { bind: { aud: [audience], clientId: '@registry' } } });
  t.after(() => world.close());
  const client = await templateBase(keys.client, trap);
  const subject = await templateBase(keys.idp, trap);
  const app = 'dev:fleet:web';
  const goodSubject = await world.subject({ claims: { aud: audience, exp: world.clock.now + 24 * 3600 } });
  const times = (life: number): object => ({
    jti: randomUUID(),
    iat: world.clock.now,
    exp: world.clock.now + life,
  });
  // A second passes each time, so that no bucket of failures is ever the reason.
  const ask = async (parameters: (now: number) => Readonly<Record<string, string>>): Promise<string> => {
    world.clock.now += 1;
    return verdictOf(await world.exchange(parameters(world.clock.now)));
  };
  return [
    {
      name: 'client assertion at the exchange',
      present: (make) =>
        ask((now) => {
          const claims = { iss: app, sub: app, aud: ISSUER, ...times(60) };
          return { client_assertion: make({ ...client, claims, now }), subject_token: goodSubject };
        }),
      also: { T44: [...BAD_HERE.sub, ...BAD_HERE.audienceLists], T45: BAD_HERE.longLife },
    },
    {
      name: 'subject token at the exchange',
      present: (make) =>
        ask((now) => {
          const claims = { iss: IDP, sub: 'u-1', client_id: 'login-client', aud: audience, ...times(600) };
          return { subject_token: make({ ...subject, claims, now }) };
        }),
      also: { T40: BAD_HERE.otherKinds, T44: BAD_HERE.clientId, T45: BAD_HERE.noIat },
    },
  ];
}

/** Introspection at the sidecar. */
export async function sidecarVerifier(t: TestContext, trap: Trap): Promise<Verifier> {
  const keys = await makeKeys();
  const provider = await startKeys(t, keys);
  const sidecar = await startSidecar(t, testEnv(provider.origin, keys));
  const base = await templateBase(keys.issuerJwk, trap);
  const now = sidecar.clock.now;
  return {
    name: 'introspection at the sidecar',
    async present(make) {
      const claims = {
        iss: `${provider.origin}/tokenx`,
        aud: 'local:fleet:api',
        sub: 'u-1',
        jti: randomUUID(),
        iat: now,
        exp: now + 600,
      };
      const token = make({ ...base, claims, now });
      const answer = await sidecar.post('/introspect', { identity_provider: 'tokenx', token });
      const body: unknown = await answer.json();
      // A body over the limit is refused before there is a token.
      if (answer.status === 400) return 'refused';
      const active = typeof body === 'object' && body !== null && 'active' in body ? body.active : undefined;
      if (answer.status === 200 && active === true) return 'accepted';
      return answer.status === 200 && active === false ? 'refused' : `${answer.status} ${JSON.stringify(body)}`;
    },
    also: { T38: BAD_HERE.noKid, T45: BAD_HERE.noIat },
  };
}

/** The library, with the keys on a listener. */
export async function sdkVerifier(t: TestContext, trap: Trap): Promise<Verifier> {
  const keys = await makeKeys();
  const provider = await startKeys(t, keys);
  const base = await templateBase(keys.issuerJwk, trap);
  const now = 1_800_000_000;
  const issuer = 'https://tokenx.example.test';
  const auth = create(
    [{ provider: 'tokenx', issuer, keys: { jwksUri: `${provider.origin}/jwks` }, audience: ['local:fleet:api'] }],
    { env: { FULLMAKT_ALLOW_LOCAL_PROVIDERS: 'true' }, clock: () => now },
  );
  t.after(() => auth.close());
  await auth.ready();
  return {
    name: 'validation in the SDK',
    async present(make) {
      const claims = {
        iss: issuer,
        aud: 'local:fleet:api',
        sub: 'u-1',
        client_id: 'local:fleet:portal',
        idp: 'https://idporten.example.test',
        nbf: now,
        jti: randomUUID(),
        iat: now,
        exp: now + 600,
      };
      const token = make({ ...base, claims, now });
      const both = [(await auth.validate(token)).ok, auth.validateSync(token).ok];
      if (both[0] !== both[1]) return `validate says ${String(both[0])}, validateSync says ${String(both[1])}`;
      return both[0] === true ? 'accepted' : 'refused';
    },
    also: {
      T38: BAD_HERE.noKid,
      T44: BAD_HERE.sub,
      T45: [...BAD_HERE.noIat, ...BAD_HERE.longLife],
    },
  };
}

/** ID tokens at the login proxy, one login each; the provider publishes these keys, its own unless others are given. */
export async function loginVerifier(
  t: TestContext,
  trap: Trap,
  keySet: (jwk: PrivateJwk) => readonly object[] = (jwk) => [publicJwk(jwk)],
): Promise<Verifier> {
  const jwk = await generatePrivateJwk('RS256', 'hostile-1');
  const clock = { seconds: 1_800_000_000 };
  const provider = await startProvider(t, () => clock.seconds);
  const world = await startWorld(t, { provider, clock });
  const base = await templateBase(jwk, trap);
  return {
    name: 'ID token at the login proxy',
    async present(make) {
      provider.bends.instead.jwks = Array.from({ length: 5 }, () => json(200, { keys: keySet(jwk) }));
      const browser = world.newBrowser();
      const start = await browser.visit('/oauth2/login');
      const callback = await provider.authorize(start.headers.location ?? '');
      const now = clock.seconds;
      const claims = {
        iss: provider.issuer,
        sub: 'u-1',
        aud: 'client-1',
        nonce: provider.lastRequest().get('nonce'),
        acr: 'idporten-loa-high',
        sid: 's-1',
        auth_time: now,
        jti: randomUUID(),
        iat: now,
        exp: now + 120,
      };
      provider.bends.answer = { id_token: make({ ...base, claims, now }) };
      const told = world.events.length;
      const answer = await browser.visit(callback);
      if ([...browser.jar.keys()].some((name) => name.includes('session'))) return 'accepted';
      // A provider that sends nonsense is no fault of the user's: the page is a 500, the process goes on.
      const failed = world.events.slice(told).some(({ event }) => event === 'login.failed');
      return failed && answer.status === 500 ? 'refused' : `${answer.status} ${answer.body.slice(0, 300)}`;
    },
    also: {
      T40: BAD_HERE.accessTokenType,
      T44: [...BAD_HERE.sub, ...BAD_HERE.audienceLists, ...BAD_HERE.azp, ...BAD_HERE.nonce],
      T45: BAD_HERE.noIat,
    },
  };
}
