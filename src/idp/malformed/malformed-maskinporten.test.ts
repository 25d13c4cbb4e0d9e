import { after } from 'node:test';
import { createForge } from '../testing/forge.ts';
import { foreignKey } from '../testing/keys.ts';
import { outcome, testRows } from '../testing/outcome.ts';
import type { Row } from '../testing/outcome.ts';
import { CLIENTS } from '../testing/rows.ts';
import { form, ISSUERS, openWorld } from '../testing/world.ts';

const world = await openWorld({ personas: ['maskinporten'] });
after(() => world.close());

const ISSUER = ISSUERS.maskinporten;
const forge = await createForge(world, () => ({
  iss: CLIENTS.feed,
  aud: ISSUER,
  iat: world.clock.now,
  exp: world.clock.now + 30,
  jti: crypto.randomUUID(),
  scope: 'demo:feed/read',
}));

const TOKEN = `${ISSUER}token`;
const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const PARAMETERS_33 = Array.from({ length: 33 }, (_, index) => `p${index}=1`).join('&');

const send = async (body: string, headers: Record<string, string> = FORM, url: string = TOKEN): Promise<string> =>
  await outcome(await world.fetch(url, { method: 'POST', body, headers }));
const present = async (assertion: string): Promise<string> =>
  outcome(await world.fetch(TOKEN, form({ grant_type: GRANT, assertion })));
const signed = async (claims: Record<string, unknown>): Promise<string> => present(await forge.signed(claims));

async function again(): Promise<string> {
  const assertion = await forge.signed();
  await present(assertion);
  return await present(assertion);
}

const named = (kid: string): Promise<string> => forge.signed({}, {}, { ...world.key, kid });

async function strange(): Promise<string> {
  return await forge.signed({}, {}, await foreignKey(world.key.kid));
}

const BAD = '400 invalid_request';
const UNUSABLE = '400 invalid_request MP-011';
const UNSUPPORTED = '400 unsupported_grant_type';

testRows('Maskinporten', [
  ['01 GET', async () => outcome(await world.fetch(TOKEN)), '405 empty, Allow: POST'],
  ['02 JSON', () => send('{}', { 'content-type': 'application/json' }), BAD],
  ['02 no content type', () => send('grant_type=x', { 'content-type': '' }), BAD],
  ['03 nothing', () => send(''), UNSUPPORTED],
  ['04 a parameter twice', () => send('assertion=1&assertion=2'), BAD],
  ['05 parameters in the query', () => send('', FORM, `${TOKEN}?grant_type=${GRANT}`), UNSUPPORTED],
  ['06 64 KiB and a byte', () => send(`a=${'x'.repeat(65_535)}`), '413 empty'],
  ['07 33 parameters', () => send(PARAMETERS_33), BAD],
  ['07 no UTF-8', () => send('a=%ff'), BAD],
  ['07 a stray percent sign', () => send('a=%zz'), BAD],
  ['08 password', () => send('grant_type=password'), UNSUPPORTED],
  ...Object.entries(forge.refused).map(
    ([name, make]): Row => [`10 ${name}`, async () => present(await make()), UNUSABLE],
  ),
  ['11 a life of 121 s', () => signed({ exp: world.clock.now + 121 }), '400 invalid_grant'],
  ['11 another audience', () => signed({ aud: 'https://x.test/' }), '400 invalid_grant MP-110'],
  ['11 a jti again', again, '400 invalid_grant MP-012'],
  ['26 the issuer without its slash', () => signed({ aud: ISSUER.slice(0, -1) }), '400 invalid_grant MP-110'],
  ['26 the token URL', () => signed({ aud: TOKEN }), '400 invalid_grant MP-110'],
  ['26 two audiences', () => signed({ aud: [ISSUER, 'https://x.test/'] }), '400 invalid_grant MP-110'],
  ['27 sub', () => signed({ sub: CLIENTS.feed }), '400 invalid_grant'],
  ['27 foo', () => signed({ foo: 1 }), '400 invalid_grant'],
  ['27 exp as text', () => signed({ exp: String(world.clock.now + 30) }), UNUSABLE],
  ['27 no scope', () => signed({ scope: undefined }), '400 invalid_scope MP-200'],
  ['28 no kid', async () => present(await forge.rewritten('{"alg":"RS256"}')), '400 invalid_grant'],
  ['28 an unknown kid', async () => present(await named('nobody')), '400 invalid_grant'],
  ['28 a key past its year', async () => present(await named('past its year')), '400 invalid_grant MP-121'],
  ['28 a key that is none', async () => present(await named('weak')), '400 invalid_grant MP-124'],
  ["28 another key's signature", async () => present(await strange()), '400 invalid_grant MP-124'],
  ['29 a scope of others', () => signed({ scope: 'demo:feed/foreign' }), '400 invalid_scope MP-200'],
  ['29 a scope without access', () => signed({ scope: 'demo:feed/other' }), '403 forbidden MP-250'],
  [
    '29 a delegation that is missing',
    () => signed({ scope: 'demo:feed/delegated', consumer_org: '310000035' }),
    '403 forbidden MP-251',
  ],
  [
    '32 the metadata of OpenID',
    async () => outcome(await world.fetch(`${ISSUER}.well-known/openid-configuration`)),
    '404 empty',
  ],
  ['32 PUT', async () => outcome(await world.fetch(TOKEN, { method: 'PUT' })), '405 empty, Allow: POST'],
]);
