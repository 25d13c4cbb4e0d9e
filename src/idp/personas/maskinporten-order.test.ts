import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import * as fc from 'fast-check';
import { issueBusinessCertificate } from '../keys/business-ca.ts';
import { importSigningKey } from '../../oauth/jwk.ts';
import { createCaller } from '../testing/maskinporten.ts';
import { foreignKey } from '../testing/keys.ts';
import { openWorld } from '../testing/world.ts';

/** One thing wrong with an assertion. Two that touch the same part cannot come together. */
interface Flaw {
  readonly title: string;
  readonly outcome: string;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly scope?: string;
  readonly kid?: string;
  readonly spoilt?: true;
  readonly grant?: string;
}

const world = await openWorld({ personas: ['maskinporten'] });
after(() => world.close());

const { ask, certified, refusal, sign } = createCaller(world);
const { now } = world.clock;
const stranger = await foreignKey(world.key.kid);
assert.equal((await ask(await sign({ jti: 'spent' }))).status, 200);

const outcome = async (assertion: Promise<string>): Promise<string> => (await refusal(await assertion))[0];

/** In the order of the table of errors; those of one row stand beside each other and touch the same part. */
const FLAWS: readonly Flaw[] = [
  { title: 'grant type', outcome: '400 unsupported_grant_type -', grant: 'password' },
  { title: 'form', outcome: '400 invalid_request MP-011', claims: { resource: 1 } },
  { title: 'client', outcome: '400 invalid_grant MP-100', claims: { iss: 'nobody' } },
  { title: 'kid', outcome: '400 invalid_grant -', kid: 'nobody' },
  { title: 'old key', outcome: '400 invalid_grant MP-121', kid: 'past its year' },
  { title: 'signature', outcome: '400 invalid_grant MP-124', spoilt: true },
  { title: 'audience', outcome: '400 invalid_grant MP-110', claims: { aud: 'x' } },
  { title: 'expired', outcome: '400 invalid_grant MP-130', claims: { exp: now } },
  { title: 'future', outcome: '400 invalid_grant -', claims: { nbf: now + 11 } },
  { title: 'life', outcome: '400 invalid_grant -', claims: { iat: now - 91 } },
  { title: 'claim', outcome: '400 invalid_grant -', claims: { foo: 1 } },
  { title: 'spent', outcome: '400 invalid_grant MP-012', claims: { jti: 'spent' } },
  { title: 'own consumer', outcome: '400 invalid_request -', claims: { consumer_org: '310000019' } },
  { title: 'scope of others', outcome: '400 invalid_scope MP-200', scope: 'demo:feed/foreign' },
  { title: 'scope of sign-in', outcome: '400 invalid_scope MP-201', scope: 'openid' },
  { title: 'no access', outcome: '403 forbidden MP-250', scope: 'demo:feed/other' },
  {
    title: 'not delegated',
    outcome: '403 forbidden MP-251',
    scope: 'demo:feed/delegated',
    claims: { consumer_org: '310000035' },
  },
  { title: 'details', outcome: '400 invalid_request MP-301', claims: { authorization_details: [{ type: 'x' }] } },
];
/** What tells the unnumbered ones apart. */
const WORDS: Readonly<Record<string, string>> = {
  kid: 'kid',
  future: 'future',
  life: '120',
  claim: 'foo',
  'own consumer': 'consumer_org',
};

function canMeet(flaws: readonly Flaw[]): boolean {
  const parts = flaws.flatMap(({ claims = {}, kid }) => [
    ...Object.keys(claims),
    ...(kid === undefined ? [] : ['kid']),
  ]);
  return new Set(parts).size === parts.length;
}

async function send(flaws: readonly Flaw[]): Promise<readonly [outcome: string, text: string]> {
  const scopes = flaws.flatMap(({ scope = [] }) => scope);
  const claims = Object.assign({}, ...flaws.map((flaw) => flaw.claims ?? {}));
  const key = flaws.some(({ spoilt }) => spoilt === true) ? stranger : world.key;
  const [kid = key.kid] = flaws.flatMap((flaw) => flaw.kid ?? []);
  const scope = scopes.length === 0 ? {} : { scope: scopes.join(' ') };
  const [grant] = flaws.flatMap((flaw) => flaw.grant ?? []);
  return await refusal(await sign({ ...scope, ...claims }, { ...key, kid }), grant);
}

async function judge(flaws: readonly Flaw[]): Promise<void> {
  const [first] = flaws;
  const [answer, text] = await send(flaws);
  const title = flaws.map((flaw) => flaw.title).join(' + ');
  assert.equal(answer, first?.outcome, title);
  assert.ok(text.includes(WORDS[first?.title ?? ''] ?? ''), `${title}: ${text}`);
}

test('maskinporten-22-errors: of every two faults the one that stands first in the table answers', async () => {
  let pairs = 0;
  for (const [index, first] of FLAWS.entries()) {
    await judge([first]);
    for (const second of FLAWS.slice(index + 1)) {
      if (!canMeet([first, second])) continue;
      await judge([first, second]);
      pairs += 1;
    }
  }
  assert.equal(pairs, (FLAWS.length * (FLAWS.length - 1)) / 2 - 2, 'all pairs but those that touch the same part');
});

test('maskinporten-22-errors: of any number of faults the first answers', async () => {
  await fc.assert(
    fc.asyncProperty(fc.subarray([...FLAWS], { minLength: 3 }), async (flaws) => {
      fc.pre(canMeet(flaws));
      await judge(flaws);
    }),
    { numRuns: 60 },
  );
});

test('maskinporten-22-errors: a certificate is judged after the client and before all that the assertion says', async () => {
  const claims = Object.assign({}, ...FLAWS.slice(6).map((flaw) => flaw.claims ?? {}));
  const own = await issueBusinessCertificate(world.stateDir, { orgno: '310000019' }, now);
  const key = importSigningKey({ ...own.jwk, kid: 'unnamed' });
  assert.equal(await outcome(certified({}, { claims, x5c: ['x'], key })), '400 invalid_grant MP-123');
  assert.equal(await outcome(certified({}, { claims, x5c: own.x5c.slice(1), key })), '400 invalid_grant MP-120');
  const others = await issueBusinessCertificate(world.stateDir, { orgno: '310000027' }, now);
  assert.equal(await outcome(certified({}, { claims, x5c: others.x5c, key })), '400 invalid_grant MP-122');
  assert.equal(await outcome(certified({}, { claims, x5c: own.x5c, key: stranger })), '400 invalid_grant MP-124');
  assert.equal(await outcome(certified({}, { claims, x5c: own.x5c, key })), '400 invalid_grant MP-110');
  const nobody = { ...claims, iss: 'nobody' };
  assert.equal(await outcome(certified({}, { claims: nobody, x5c: ['x'], key })), '400 invalid_grant MP-100');
  const strange = { ...nobody, resource: 1 };
  assert.equal(await outcome(certified({}, { claims: strange, x5c: ['x'], key })), '400 invalid_request MP-011');
});
