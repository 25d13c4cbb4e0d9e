import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { foreignKey } from '../testing/keys.ts';
import type { Certified } from '../testing/maskinporten.ts';
import { createCaller } from '../testing/maskinporten.ts';
import { PID } from '../testing/sign-in.ts';
import { openWorld } from '../testing/world.ts';

const world = await openWorld({ personas: ['maskinporten'] });
after(() => world.close());

const { ask, certified, refusal, sign } = createCaller(world);
const foreign = await foreignKey(world.key.kid);
const { now } = world.clock;
const A = 'does not authenticate the client';
const SYSTEM_USER = {
  type: 'urn:altinn:systemuser',
  systemuser_org: { authority: 'iso6523-actorid-upis', ID: '0192:310000043' },
};
const CONSENT = { type: 'urn:altinn:consent', id: crypto.randomUUID() };

const changed = (claims: Record<string, unknown>) => (): Promise<string> => sign(claims);
const named = (kid: string) => (): Promise<string> => sign({}, { ...world.key, kid });
const x5c = (change: Certified) => (): Promise<string> => certified({}, change);
const details = (detail: unknown) => (): Promise<string> => sign({ authorization_details: [detail] });

async function spent(): Promise<string> {
  const assertion = await sign();
  await ask(assertion);
  return assertion;
}

/** Every row of the table: what was wrong, the outcome, and what the text names. */
const ROWS: readonly (readonly [title: string, make: () => Promise<string>, outcome: string, ...says: string[]])[] = [
  ['MP-011 not a JWS', () => Promise.resolve('x'), '400 invalid_request MP-011', 'unusable'],
  ['MP-011 exp is text', changed({ exp: String(now) }), '400 invalid_request MP-011', 'exp'],
  [
    'MP-011 consumer_org with a prefix',
    changed({ consumer_org: '0192:310000035' }),
    '400 invalid_request MP-011',
    'consumer_org',
  ],
  [
    'MP-011 details that are no list',
    changed({ authorization_details: {} }),
    '400 invalid_request MP-011',
    'authorization_details',
  ],
  ['MP-100 a stranger', changed({ iss: 'nobody' }), '400 invalid_grant MP-100', A],
  ['no number: a kid of nobody', named('nobody'), '400 invalid_grant -', A, 'kid'],
  ['MP-121 a key past its year', named('past its year'), '400 invalid_grant MP-121', A, 'old'],
  ['MP-120 a certificate out of date', () => certified({ days: -0.5 }), '400 invalid_grant MP-120', A, 'certificate'],
  [
    'MP-122 a certificate of others',
    () => certified({ orgno: '310000027' }),
    '400 invalid_grant MP-122',
    A,
    'organisation number',
  ],
  ['MP-123 x5c that is text', x5c({ x5c: 'MII' }), '400 invalid_grant MP-123', A, 'x5c'],
  ['MP-124 the signature of others', () => sign({}, foreign), '400 invalid_grant MP-124', A, 'signature'],
  ['MP-110 another audience', changed({ aud: 'https://other.example/' }), '400 invalid_grant MP-110', A, 'aud'],
  ['MP-130 expired', changed({ iat: now - 60, exp: now }), '400 invalid_grant MP-130', A, 'expired'],
  ['no number: issued in the future', changed({ iat: now + 11, exp: now + 60 }), '400 invalid_grant -', 'future'],
  ['no number: too long a life', changed({ exp: now + 121 }), '400 invalid_grant -', '120'],
  ['no number: a claim outside the list', changed({ foo: 1 }), '400 invalid_grant -', 'foo'],
  ['MP-012 spent', spent, '400 invalid_grant MP-012', 'spent'],
  [
    'no number: its own organisation as consumer',
    changed({ consumer_org: '310000019' }),
    '400 invalid_request -',
    'consumer_org',
  ],
  [
    'no number: two mechanisms of delegation',
    changed({ consumer_org: '310000035', iss_onbehalfof: 'x' }),
    '400 invalid_request -',
    'consumer_org',
  ],
  ['MP-200 no scope', changed({ scope: undefined }), '400 invalid_scope MP-200', 'scope'],
  [
    'MP-200 a scope of other clients',
    changed({ scope: 'demo:feed/foreign' }),
    '400 invalid_scope MP-200',
    'demo:feed/foreign',
  ],
  ['MP-201 a scope of sign-in', changed({ scope: 'openid' }), '400 invalid_scope MP-201', 'openid', 'another service'],
  [
    'MP-201 a scope of another integration',
    changed({ scope: 'demo:feed/elsewhere' }),
    '400 invalid_scope MP-201',
    'demo:feed/elsewhere',
  ],
  ['MP-250 a scope without access', changed({ scope: 'demo:feed/other' }), '403 forbidden MP-250', 'demo:feed/other'],
  ['MP-250 a scope that nobody has', changed({ scope: 'demo:feed/none' }), '403 forbidden MP-250', 'demo:feed/none'],
  [
    'MP-251 nothing delegated',
    changed({ scope: 'demo:feed/delegated', consumer_org: '310000035' }),
    '403 forbidden MP-251',
    '310000035',
    'demo:feed/delegated',
    '310000019',
  ],
  ['no number: a person where none may be named', changed({ pid: PID }), '400 invalid_request -', 'pid'],
  ['MP-301 details of a foreign type', details({ type: 'x' }), '400 invalid_request MP-301', 'authorization_details'],
  ['MP-301 details that are text', details('x'), '400 invalid_request MP-301', 'authorization_details'],
  ['MP-302 a foreign member', details({ ...CONSENT, foo: 1 }), '400 invalid_request MP-302', 'authorization_details'],
  ['MP-303 an unknown consent', details(CONSENT), '400 invalid_request MP-303', 'authorization_details'],
  [
    'MP-303 an unknown system user',
    details(SYSTEM_USER),
    '400 invalid_altinn_customer_configuration MP-303',
    'authorization_details',
  ],
];

for (const [title, make, outcome, ...says] of ROWS) {
  test(`maskinporten-22-errors: ${title} is ${outcome.replace(/ -$/, '')}`, async () => {
    const [actual, text] = await refusal(await make());
    assert.equal(actual, outcome);
    for (const word of says) assert.ok(text.includes(word), `${text} does not name ${word}`);
  });
}

test('maskinporten-22-errors: a grant type that is missing or another is 400 unsupported_grant_type', async () => {
  for (const grant of ['', 'client_credentials', 'authorization_code']) {
    assert.equal((await refusal(await sign(), grant))[0], '400 unsupported_grant_type -');
  }
});

test('maskinporten-22-errors: of several faults the one that stands first in the table answers', async () => {
  // Each claim wrong in its own way; put right one after the other, the next fault of the table shows.
  const faults: readonly (readonly [Record<string, unknown>, string])[] = [
    [{ jti: 1 }, 'MP-011'],
    [{ iss: 'nobody' }, 'MP-100'],
    [{ aud: 'x' }, 'MP-110'],
    [{ exp: now }, 'MP-130'],
    [{ iat: now + 11 }, '-'],
    [{ foo: 1 }, '-'],
    [{ consumer_org: '310000019' }, '-'],
    [{ scope: 'demo:feed/foreign openid demo:feed/other' }, 'MP-200'],
    [{ scope: 'openid demo:feed/other' }, 'MP-201'],
    [{ scope: 'demo:feed/other' }, 'MP-250'],
    [{ authorization_details: [{ type: 'x' }] }, 'MP-301'],
  ];
  for (const index of faults.keys()) {
    const rest = faults.slice(index).toReversed();
    const [outcome] = await refusal(await sign(Object.assign({}, ...rest.map(([claims]) => claims))));
    assert.equal(outcome.split(' ').at(-1), faults[index]?.[1], `fault ${index}`);
  }
});

test('maskinporten-22-errors: a refusal by policy tells the manifest line, by event only', async () => {
  world.events.length = 0;
  const { body } = await ask(await sign({ scope: 'demo:feed/other' }));
  const refused = world.events.find((event) => event.event === 'idp.refused');
  assert.ok(refused?.event === 'idp.refused');
  assert.deepEqual([refused.number, refused.reason], ['MP-250', 'scope-no-access']);
  assert.match(
    refused.fix ?? '',
    /orgno: "310000019"` under spec\.maskinporten\.scopes\.exposes\.consumers in the manifest of local:demo:api/,
  );
  assert.doesNotMatch(JSON.stringify(body), /manifest|310000019/);
});

test('maskinporten-22-errors: what the assertion says cannot break the line of the text (RFC 6749 5.2)', async () => {
  const { body } = await ask(await sign({ scope: 'demo:feed/read\r\n\u007fx' }));
  assert.match(
    String(body['error_description']),
    /^the client lacks scope demo:feed\/read x \(trace_id: [0-9a-f]{32}\)$/,
  );
});
