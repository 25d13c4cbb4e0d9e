import { importSigningKey } from '../../oauth/jwk.ts';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, test } from 'node:test';
import { signJws } from '../../oauth/jws.ts';
import { codes, machine, registerEntra } from '../testing/entra.ts';
import type { Answer } from '../testing/entra.ts';
import { foreignKey } from '../testing/keys.ts';
import { CLIENTS } from '../testing/rows.ts';
import { askEntra, claimsOf } from '../testing/sign-in.ts';
import { ASSERTION_TYPE, ISSUERS, openWorld, TENANT } from '../testing/world.ts';

const world = await openWorld({ personas: ['entra'] });
after(() => world.close());

const L = ISSUERS.entra;
const ISSUER = `${L}/${TENANT}/v2.0`;
const TOKEN_URL = `${L}/${TENANT}/oauth2/v2.0/token`;

test('entra-13-assertion: replay, both audiences, floats and five minutes of skew are accepted; the rest is named', async () => {
  const { now } = world.clock;
  const sign = (claims: Record<string, unknown> = {}, header: object = {}): Promise<string> =>
    signJws(
      { typ: 'anything', ...header },
      { iss: CLIENTS.desk, sub: CLIENTS.desk, aud: TOKEN_URL, exp: now + 600, ...claims },
      world.key,
    );
  const ask = (client_assertion: string, change: Record<string, string> = {}): Promise<Answer> =>
    askEntra(world, {
      grant_type: 'client_credentials',
      scope: `${CLIENTS.api}/.default`,
      client_assertion,
      client_assertion_type: ASSERTION_TYPE,
      ...change,
    });
  const again = await sign();
  assert.equal((await ask(again)).status, 200);
  assert.equal((await ask(again)).status, 200);
  assert.equal((await ask(await sign({ aud: ISSUER, exp: now + 0.5, nbf: now + 299.5 }))).status, 200);
  assert.equal((await ask(await sign({ exp: now - 299 }))).status, 200);
  assert.deepEqual(codes(await ask(await sign({ exp: now - 301 }))), [401, 'invalid_client', 700024]);
  assert.deepEqual(codes(await ask(await sign({ aud: L }))), [401, 'invalid_client', 700023]);
  assert.deepEqual(codes(await ask(await sign({}, { x5t: 'AAAA' }))), [401, 'invalid_client', 700027]);
  assert.deepEqual(codes(await ask(`${again.slice(0, -8)}AAAAAAAA`)), [401, 'invalid_client', 700027]);
  assert.deepEqual(codes(await ask('nonsense')), [400, 'invalid_request', 50027]);
  assert.deepEqual(codes(await ask(again, { client_id: CLIENTS.middle })), [401, 'invalid_client', 700021]);
});

test('entra-13-assertion: a key is found by x5t (padded, bare), x5t#S256 with PS256, and kid as thumbprint in base64url or hex', async () => {
  const { alg, ...unbound } = world.certified;
  assert.equal(alg, 'RS256');
  const der = Buffer.from(String((world.certified['x5c'] as string[])[0]), 'base64');
  const sha1 = createHash('sha1').update(der).digest();
  const sha256 = createHash('sha256').update(der).digest('base64url');
  const ask = async (
    header: Record<string, unknown>,
    kid: string,
    signWith: 'RS256' | 'PS256' = 'RS256',
  ): Promise<number> => {
    const key = importSigningKey({ ...unbound, alg: signWith, kid });
    const claims = { iss: CLIENTS.desk, sub: CLIENTS.desk, aud: TOKEN_URL, exp: world.clock.now + 60 };
    const fields = { client_assertion: await signJws(header, claims, key), client_assertion_type: ASSERTION_TYPE };
    return (await machine(world, `${CLIENTS.api}/.default`, { ...fields, client_secret: '' })).status;
  };
  assert.equal(await ask({ x5t: sha1.toString('base64url') }, 'x'), 200);
  assert.equal(await ask({ x5t: sha1.toString('base64') }, 'x'), 200);
  assert.equal(await ask({ 'x5t#S256': sha256 }, 'x', 'PS256'), 200);
  assert.equal(await ask({}, sha1.toString('base64url')), 200);
  assert.equal(await ask({}, sha1.toString('hex').toUpperCase()), 200);
  assert.equal(await ask({}, 'registered-name'), 200);
  assert.equal(await ask({}, 'x'), 401);
});

const FOREIGN = 'https://cluster.example.test';
const foreign = await foreignKey('cluster-key');
const SUBJECT = 'dev:team:front';
const front = registerEntra(world, 'front', {
  secretHashes: [],
  keys: [],
  federatedCredentials: [
    { issuer: FOREIGN, subject: SUBJECT, audience: 'api://AzureADTokenExchange', keys: [foreign.publicJwk] },
  ],
});

function federated(claims: Record<string, unknown> = {}, key = foreign): Promise<Answer> {
  const { now } = world.clock;
  const good = { iss: FOREIGN, sub: SUBJECT, aud: 'api://AzureADTokenExchange', exp: now + 60, iat: now, ...claims };
  return signJws({}, good, key).then((client_assertion) =>
    askEntra(world, {
      grant_type: 'client_credentials',
      client_id: front,
      scope: `${front}/.default`,
      client_assertion,
      client_assertion_type: ASSERTION_TYPE,
    }),
  );
}

test('entra-13-assertion: a federated credential lets a foreign issuer vouch for an application', async () => {
  const answer = await federated({ aud: ['api://AzureADTokenExchange'] });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  assert.equal(claimsOf(answer.body['access_token'])['azpacr'], '2');
});

test('entra-13-assertion: issuer, subject and audience of a federated credential match byte for byte, or it is 700213', async () => {
  const unmatched = [401, 'invalid_client', 700_213];
  assert.deepEqual(codes(await federated({ sub: 'Dev:team:front' })), unmatched);
  assert.deepEqual(codes(await federated({ iss: `${FOREIGN}/` })), unmatched);
  assert.deepEqual(codes(await federated({ aud: 'api://azureadtokenexchange' })), unmatched);
  assert.deepEqual(codes(await federated({ aud: TOKEN_URL })), unmatched);
  for (const aud of [[], ['api://AzureADTokenExchange', 'https://others.test']]) {
    assert.deepEqual(codes(await federated({ aud })), unmatched, 'one audience');
  }
  assert.deepEqual(codes(await federated({}, world.key)), [401, 'invalid_client', 700_027]);
  assert.deepEqual(codes(await federated({ exp: world.clock.now - 301 })), [401, 'invalid_client', 700_024]);
  const named = { ...world.key, kid: foreign.kid };
  assert.deepEqual(codes(await federated({}, named)), [401, 'invalid_client', 700_027]);
});

test('entra-13-assertion: a credential that lacks a part is incomplete: 90014 names the part', async () => {
  const scope = `${CLIENTS.api}/.default`;
  const bare = await signJws({}, { iss: CLIENTS.desk, aud: TOKEN_URL, exp: world.clock.now + 60 }, world.key);
  const sent = { client_secret: '', client_assertion_type: ASSERTION_TYPE };
  const without = await machine(world, scope, { ...sent, client_assertion: bare });
  assert.deepEqual(codes(without), [400, 'invalid_request', 90_014]);
  assert.match(String(without.body['error_description']), /'sub'/);
  const nothing = await machine(world, scope, sent);
  assert.deepEqual(codes(nothing), [400, 'invalid_request', 90_014]);
  assert.match(String(nothing.body['error_description']), /'client_assertion'/);
});
