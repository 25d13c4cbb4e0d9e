import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { ADMIN_AUDIENCE, administer, askAs, bearer, selfSigned } from '../../src/exchange/testing/operators.ts';
import { CLIENTS } from '../../src/exchange/testing/registrations.ts';
import { createTestKeys, createWorld, IDP, ISSUER } from '../../src/exchange/testing/world.ts';
import type { TestKeys } from '../../src/exchange/testing/world.ts';
import { TOKEN_TYPE } from '../../src/oauth/client-assertion.ts';
import { parseJwt } from '../../src/oauth/jwt.ts';
import { generatePrivateJwk, publicJwk } from '../../src/oauth/jwk.ts';
import type { PrivateJwk } from '../../src/oauth/jwk.ts';
import { loopbackSocket } from '../loopback.ts';
import { BAD_HERE } from './malformed/bad-here.ts';
import { templateBase, verdictOf } from './verifiers.ts';
import type { Trap, Verifier } from './verifiers.ts';

const TOKEN_CHARACTERS = 16 * 1024;
const CALLER = 'dev:fleet:web';
const TARGET = 'dev:fleet:api';

/** Whoever verifies the exchange's own tokens, and those of operators, at the exchange. */
export async function ownTokenVerifiers(t: TestContext, trap: Trap): Promise<readonly Verifier[]> {
  const keys = await createTestKeys();
  const operator = await generatePrivateJwk('RS256', 'operator-1');
  const statementKeys = { keys: [publicJwk(operator)] };
  const world = await createWorld({ keys, config: { operators: [selfSigned(operator, { statementKeys })] } });
  t.after(() => world.close());
  const own = await templateBase(await ownKey(keys), trap);
  const chief = await templateBase(operator, trap);
  const goodSubject = await world.subject({ claims: { exp: world.clock.now + 24 * 3600 } });
  // A second passes each time, so that no bucket of failures is ever the reason.
  const tick = (): number => (world.clock.now += 1);
  return [
    {
      name: 'token asked about at the exchange',
      async present(make) {
        const now = tick();
        const token = make({ ...own, claims: issued(now, { sub: 'u-1', idp: IDP, azp: CALLER }), now });
        const answer = await askAs(world, 'api', { path: '/introspect', token });
        if (answer.status === 200 && answer.text === '{"active":false}') return 'refused';
        return verdictOf(answer);
      },
      also: { T44: BAD_HERE.clientId.slice(0, 4) },
    },
    {
      name: 'actor token at the exchange',
      async present(make) {
        const now = tick();
        const actor_token = make({ ...own, claims: issued(now, { sub: CALLER, idtyp: 'app' }), now });
        return verdictOf(
          await world.exchange({ subject_token: goodSubject, actor_token, actor_token_type: TOKEN_TYPE.accessToken }),
        );
      },
      also: { T44: BAD_HERE.sub },
      // For whom it was issued is not asked of a token that we signed ourselves (actor.ts).
      rightly(token) {
        const { iss, sub, aud } = parseJwt(token).claims;
        return iss === ISSUER && sub === CALLER && aud !== TARGET;
      },
    },
    {
      name: 'bearer token of an operator at the exchange',
      async present(make) {
        const now = tick();
        const claims = { iss: 'chief', sub: 'chief', aud: ADMIN_AUDIENCE, jti: randomUUID(), iat: now, exp: now + 300 };
        const status = await bearerStatus(world.origin, make({ ...chief, claims, now }));
        if (status === 200) return 'accepted';
        return [400, 401, 431].includes(status) ? 'refused' : String(status);
      },
      also: { T44: BAD_HERE.sub, T45: BAD_HERE.longLife },
      // Blanks around the value of a header, and what ends its line, are no part of it (RFC 9110 5.5).
      rightly: (token) => /^[ \t]|[ \t]$|\r\n$/.test(token),
    },
    {
      name: 'software statement at the exchange',
      async present(make) {
        const now = tick();
        const policies = { accessPolicyInbound: [], accessPolicyOutbound: [] };
        const named = { iss: 'chief', sub: 'chief', appId: 'dev:fleet:new-api' };
        const claims = { ...named, ...policies, aud: ISSUER, jti: randomUUID(), iat: now, exp: now + 60 };
        const software_statement = make({ ...chief, claims, now });
        const body = { client_name: 'x', jwks: { keys: [publicJwk(keys.client)] }, software_statement };
        const answer = await administer(world, CLIENTS, { token: await bearer(world, operator), body });
        return answer.status === 201 ? 'accepted' : verdictOf(answer);
      },
      also: { T44: BAD_HERE.audienceLists, T45: BAD_HERE.longLife },
      // A statement may be three times as long as a token, and nobody asks who calls himself its issuer.
      rightly: (token) =>
        token.length > TOKEN_CHARACTERS
          ? token.length <= 3 * TOKEN_CHARACTERS
          : parseJwt(token).claims['iss'] !== 'chief',
    },
  ];
}

/** The claims every token of the exchange has. */
function issued(now: number, more: object): Readonly<Record<string, unknown>> {
  return { iss: ISSUER, aud: TARGET, client_id: CALLER, jti: randomUUID(), iat: now, exp: now + 600, ...more };
}

/** What the exchange signs with. */
async function ownKey({ store, wrapper }: TestKeys): Promise<PrivateJwk> {
  const row = (await store.load('tokenx')).keys.find(({ alg, state }) => alg === 'RS256' && state === 'active');
  if (row === undefined) throw new Error('the exchange has no key yet');
  return JSON.parse(wrapper.unwrap(row.sealedPrivate, `fullmakt tokenx signing-key ${row.kid} RS256`).toString());
}

/** The status of an answer to such a token, whatever bytes it has: no client of ours would send them. */
async function bearerStatus(origin: string, token: string): Promise<number> {
  const socket = await loopbackSocket({ host: '127.0.0.1', port: Number(new URL(origin).port) });
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  // Whoever is refused may be cut while still sending.
  socket.on('error', () => undefined);
  const closed = once(socket, 'close');
  socket.end(
    `GET /admin/replicas HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer ${token}\r\n\r\n`,
  );
  await closed;
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]);
}
