import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { randomUUID } from 'node:crypto';
import { compatConfig } from './testing/compat.ts';
import { createTestKeys, createWorld, ISSUER, START } from './testing/world.ts';
import type { Answer, Change, World } from './testing/world.ts';

const keys = await createTestKeys();
const world = await createWorld({ keys, config: compatConfig() });
after(() => world.close());

type Members = Readonly<Record<string, unknown>>;
/** What one fault changes in a good request. */
interface Fault {
  readonly what: string;
  readonly status: number;
  readonly error: string;
  /** What the description has to name, whatever its words. */
  readonly says: readonly string[];
  readonly form?: Readonly<Record<string, string | undefined>>;
  readonly assertion?: {
    readonly claims?: Members;
    readonly header?: Members;
    readonly stranger?: true;
    readonly raw?: string;
  };
  readonly subject?: {
    readonly claims?: Members;
    readonly header?: Members;
    readonly stranger?: true;
    readonly raw?: string;
  };
  readonly replayed?: true;
}

const WEB = 'dev:fleet:web';
const refused = { status: 400, error: 'invalid_request' };
const nobody = { status: 401, error: 'invalid_client' };

/** Every situation that such a server tells apart, in the order in which it looks for them. */
const ORDER: readonly Fault[] = [
  { what: 'client_assertion missing', ...refused, says: ['client_assertion'], form: { client_assertion: '' } },
  {
    what: 'wrong client_assertion_type',
    ...nobody,
    says: ['client_assertion_type'],
    form: { client_assertion_type: 'urn:x' },
  },
  {
    what: 'assertion not signed',
    ...refused,
    says: ['client assertion'],
    assertion: { raw: 'eyJhbGciOiJub25lIn0.e30.' },
  },
  { what: 'assertion without sub', ...nobody, says: ['sub'], assertion: { claims: { sub: undefined } } },
  { what: 'audience missing', ...refused, says: ['audience'], form: { audience: undefined } },
  {
    what: 'caller unknown',
    ...nobody,
    says: ['dev:fleet:nobody'],
    assertion: { claims: { sub: 'dev:fleet:nobody', iss: 'dev:fleet:nobody' } },
  },
  { what: 'assertion typ', ...refused, says: ['typ'], assertion: { header: { typ: 'dpop+jwt' } } },
  { what: 'assertion signature', ...refused, says: ['signature'], assertion: { stranger: true } },
  {
    what: 'assertion without claims',
    ...refused,
    says: ['jti, nbf'],
    assertion: { claims: { nbf: undefined, jti: undefined } },
  },
  {
    what: 'assertion of another issuer',
    ...refused,
    says: ['iss', WEB],
    assertion: { claims: { iss: 'dev:fleet:api' } },
  },
  { what: 'assertion expired', ...refused, says: ['exp'], assertion: { claims: { exp: START - 60 } } },
  { what: 'assertion not valid yet', ...refused, says: ['nbf'], assertion: { claims: { nbf: START + 60 } } },
  { what: 'assertion from the future', ...refused, says: ['iat'], assertion: { claims: { iat: START + 60 } } },
  {
    what: 'assertion for another server',
    ...refused,
    says: ['https://other.example.test', ISSUER, `${ISSUER}/token`],
    assertion: { claims: { aud: 'https://other.example.test' } },
  },
  { what: 'assertion lives too long', ...nobody, says: [WEB, '120 s'], assertion: { claims: { exp: START + 121 } } },
  { what: 'assertion replayed', ...nobody, says: [WEB], replayed: true },
  { what: 'grant unknown', status: 403, error: 'access_denied', says: ['urn:x'], form: { grant_type: 'urn:x' } },
  { what: 'subject_token missing', ...refused, says: ['subject_token'], form: { subject_token: '' } },
  {
    what: 'target unknown',
    ...refused,
    says: ['dev:fleet:nothing'],
    form: { audience: 'dev:fleet:nothing' },
  },
  { what: 'no rule', ...refused, says: [WEB, 'dev:fleet:lonely'], form: { audience: 'dev:fleet:lonely' } },
  {
    what: 'wrong subject_token_type',
    ...refused,
    says: ['subject_token_type', 'urn:ietf:params:oauth:token-type:jwt'],
    form: { subject_token_type: 'urn:ietf:params:oauth:token-type:access_token' },
  },
  { what: 'subject token not signed', ...refused, says: ['subject token'], subject: { raw: 'a.b.c' } },
  {
    what: 'subject issuer untrusted',
    ...refused,
    says: ['subject token', 'https://x.example.test'],
    subject: { claims: { iss: 'https://x.example.test' } },
  },
  {
    what: 'subject typ',
    ...refused,
    says: ['subject token', 'logout+jwt'],
    subject: { header: { typ: 'logout+jwt' } },
  },
  {
    what: 'subject key',
    ...refused,
    says: ['subject token', 'kid'],
    subject: { header: { kid: 'x' }, stranger: true },
  },
  {
    what: 'subject without claims',
    ...refused,
    says: ['exp, iat'],
    subject: { claims: { exp: undefined, iat: undefined } },
  },
  { what: 'subject expired', ...refused, says: ['subject token', 'exp'], subject: { claims: { exp: START - 60 } } },
  {
    what: 'subject not valid yet',
    ...refused,
    says: ['subject token', 'nbf'],
    subject: { claims: { nbf: START + 60 } },
  },
];

/** Of two faults in one place only one can be made. */
function merged(one: Fault, other: Fault): Fault | undefined {
  const parts = [one.assertion, other.assertion, one.subject, other.subject];
  if (parts.filter((part) => part?.raw !== undefined).length > 0 && one.assertion && other.assertion) return undefined;
  if (one.subject && other.subject && (one.subject.raw ?? other.subject.raw) !== undefined) return undefined;
  const isClash =
    clash(one.form, other.form) ||
    clash(one.assertion?.claims, other.assertion?.claims) ||
    clash(one.subject?.claims, other.subject?.claims) ||
    (one.form?.['client_assertion'] === '' && (other.assertion !== undefined || other.replayed)) ||
    (one.form?.['subject_token'] === '' && other.subject !== undefined) ||
    (other.form?.['subject_token'] === '' && one.subject !== undefined) ||
    (one.assertion !== undefined && other.replayed === true);
  if (isClash) return undefined;
  const { form: _, assertion: _a, subject: _s, ...named } = one;
  return {
    ...named,
    ...(other.replayed && { replayed: other.replayed }),
    form: { ...one.form, ...other.form },
    assertion: both(one.assertion, other.assertion),
    subject: both(one.subject, other.subject),
  };
}

const clash = (one: object = {}, other: object = {}): boolean =>
  Object.keys(one).some((name) => Object.hasOwn(other, name));

function both<T extends NonNullable<Fault['assertion']>>(
  one: T | undefined,
  other: T | undefined,
): NonNullable<Fault['assertion']> {
  const raw = one?.raw ?? other?.raw;
  const stranger = one?.stranger ?? other?.stranger;
  return {
    claims: { ...one?.claims, ...other?.claims },
    header: { ...one?.header, ...other?.header },
    ...(raw !== undefined && { raw }),
    ...(stranger && { stranger }),
  };
}

const change = ({ claims = {}, header = {}, stranger }: NonNullable<Fault['assertion']>, kid: string): Change => ({
  claims,
  header,
  ...(stranger && { key: { ...keys.stranger, kid } }),
});

async function send(fault: Fault, on: World = world): Promise<Answer> {
  const { assertion = {}, subject = {}, form } = fault;
  const { claims, ...signing } = change(assertion, keys.client.kid);
  const signed = await on.assertion({ ...signing, claims: { nbf: START, jti: randomUUID(), ...claims } });
  const client_assertion = assertion.raw ?? signed;
  if (fault.replayed) assert.equal((await on.exchange({ client_assertion })).status, 200);
  const { claims: subjectClaims, header = {}, ...signer } = change(subject, keys.idp.kid);
  const kid = Object.hasOwn(header, 'kid') ? { key: { ...keys.stranger, kid: 'x' } } : {};
  const subject_token = subject.raw ?? (await on.subject({ ...signer, header, ...kid, claims: { ...subjectClaims } }));
  return on.exchange({ client_assertion, subject_token, ...form });
}

test('X02: each situation is told with the status and code of a tokendings server, names its facts, and has no fm_reason', async () => {
  for (const fault of ORDER) {
    const { status, body, text, headers } = await send(fault);
    assert.deepEqual([status, body['error']], [fault.status, fault.error], `${fault.what}: ${text}`);
    const description = String(body['error_description']);
    for (const fact of fault.says) assert.ok(description.includes(fact), `${fault.what}: ${description} names ${fact}`);
    assert.match(description, /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
    assert.deepEqual(Object.keys(body).toSorted(), ['error', 'error_description']);
    assert.equal(headers['cache-control'], 'no-store');
  }
});

test('X02: a good request is answered, with the claims of the preset', async () => {
  const answer = await send({ what: 'nothing', status: 200, error: '', says: [] });
  assert.equal(answer.status, 200, answer.text);
});

test('X02: of each pair of faults the first in the order of a tokendings server answers', async () => {
  let pairs = 0;
  for (const [place, first] of ORDER.entries()) {
    // A world for each, because so many failures of one client are a flood.
    const own = await createWorld({ keys, config: compatConfig() });
    for (const second of ORDER.slice(place + 1)) {
      const pair = merged(first, second);
      if (pair === undefined) continue;
      pairs += 1;
      // oxlint-disable-next-line no-await-in-loop -- one at a time, so that the replayed one is the last that was sent
      const { status, body, text } = await send(pair, own);
      assert.deepEqual([status, body['error']], [first.status, first.error], `${first.what} + ${second.what}: ${text}`);
      const description = String(body['error_description']);
      for (const fact of first.says)
        assert.ok(description.includes(fact), `${first.what} + ${second.what}: ${description}`);
    }
    await own.close();
  }
  assert.ok(pairs > 250, `only ${pairs} pairs`);
});

test('X02: a missing grant_type and a missing issuer are named null', async () => {
  const grant = await send({ what: '', status: 403, error: '', says: [], form: { grant_type: undefined } });
  assert.deepEqual([grant.status, grant.body['error']], [403, 'access_denied']);
  assert.match(String(grant.body['error_description']), /null/);
  const issuer = await send({ what: '', status: 400, error: '', says: [], subject: { claims: { iss: undefined } } });
  assert.match(String(issuer.body['error_description']), /null/);
});

/** What differs on purpose, as long as a tokendings server is the measure: these answer 400 and nothing worse. */
const ACCEPTED_DIFFERENCES: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['a resource nobody declared is refused', { resource: 'https://unknown.example.test' }],
  [
    'an actor token that is none is refused',
    { actor_token: 'x', actor_token_type: 'urn:ietf:params:oauth:token-type:jwt' },
  ],
  ['a restricting parameter is refused', { authorization_details: '[]' }],
];

for (const [what, form] of ACCEPTED_DIFFERENCES) {
  test(`X02, accepted difference: ${what}`, async () => {
    const answer = await send({ what, status: 400, error: '', says: [], form });
    assert.equal(answer.status, 400, answer.text);
    assert.equal(answer.body['fm_reason'], undefined);
  });
}

test('X02, accepted difference: an ID token, a bound token and one assertion twice are refused', async () => {
  for (const claims of [{ nonce: 'n' }, { cnf: { jkt: 'x' } }]) {
    const answer = await send({ what: '', status: 400, error: '', says: [], subject: { claims } });
    assert.deepEqual([answer.status, answer.body['error']], [400, 'invalid_request']);
  }
});
