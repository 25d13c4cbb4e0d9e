import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createOracle, type Oracle, type SeenIdentity, type Verdict } from './oracle.ts';
import { hasRightControlDigits } from './pid.ts';
import { reportTo, serveOracle } from './service.ts';

const MAY = {
  sub: 'u1',
  aud: 'local:fleet:api',
  client: 'local:fleet:web',
  acr: 'idporten-loa-high',
  issuedAfter: 1000,
};
const SEEN: SeenIdentity = {
  sub: 'u1',
  aud: 'local:fleet:api',
  client: 'local:fleet:web',
  acr: 'idporten-loa-high',
  issuedAt: 1000,
};

function judged(response: Response, ...seen: SeenIdentity[]): { verdict: Verdict; oracle: Oracle } {
  const oracle = createOracle();
  oracle.expect('r', MAY);
  for (const identity of seen) oracle.observed('r', identity);
  return { verdict: oracle.judge('r', response), oracle };
}

const answer = (status: number, headers = {}): Response => new Response(null, { status, headers });

describe('oracle', () => {
  it('calls right only a success in which the app saw exactly the identity that was expected', () => {
    assert.equal(judged(new Response('ok'), SEEN).verdict, 'right');
    assert.equal(judged(new Response('ok'), { ...SEEN, aud: ['local:fleet:api'] }).verdict, 'right');
    assert.equal(judged(new Response(null, { status: 204 }), SEEN, SEEN).verdict, 'right');
  });

  it('calls wrong any other identity: user, audience, client, level, age, or none', () => {
    const { sub: _, ...nobody } = SEEN;
    const { issuedAt: __, ...timeless } = SEEN;
    const wrong: SeenIdentity[] = [
      { ...SEEN, sub: 'u2' },
      nobody,
      {},
      { ...SEEN, aud: 'local:fleet:other' },
      { ...SEEN, aud: [] },
      { ...SEEN, aud: ['local:fleet:api', 'local:fleet:other'] },
      { ...SEEN, client: 'local:fleet:batch' },
      { ...SEEN, acr: 'idporten-loa-low' },
      { ...SEEN, issuedAt: 999 },
      timeless,
    ];
    for (const identity of wrong) {
      const { verdict, oracle } = judged(new Response('ok'), identity);
      assert.equal(verdict, 'wrong', JSON.stringify(identity));
      assert.match(oracle.complaints()[0] ?? '', /^request r: showed /);
    }
    assert.equal(judged(new Response('ok'), SEEN, { ...SEEN, sub: 'u2' }).verdict, 'wrong', 'one of two is enough');
  });

  it('calls wrong a success that no app saw: an anonymous pass', () => {
    const { verdict, oracle } = judged(new Response('ok'));
    assert.equal(verdict, 'wrong');
    assert.deepEqual(oracle.complaints(), ['request r: answered 200, and no app saw who asked']);
  });

  it('calls unavailable an honest outage, and wrong an answer that blames the user or is a bug', () => {
    const cases: readonly (readonly [Response, Verdict])[] = [
      [answer(503, { 'retry-after': '5' }), 'unavailable'],
      [answer(502), 'unavailable'],
      [answer(504), 'unavailable'],
      [Response.error(), 'unavailable'],
      [answer(503), 'wrong'],
      [answer(302, { location: '/oauth2/login' }), 'wrong'],
      [answer(401), 'wrong'],
      [answer(404), 'wrong'],
      [answer(500), 'wrong'],
    ];
    for (const [response, verdict] of cases) assert.equal(judged(response).verdict, verdict, String(response.status));
    assert.equal(judged(answer(502), { ...SEEN, sub: 'u2' }).verdict, 'wrong', 'an outage hides no wrong identity');
  });

  it('counts verdicts, and takes one back when a wrong identity shows up after it', () => {
    const oracle = createOracle();
    for (const id of ['a', 'b', 'c', 'unjudged']) oracle.expect(id, MAY);
    oracle.observed('a', SEEN);
    oracle.judge('a', new Response('ok'));
    oracle.judge('b', Response.error());
    oracle.judge('c', Response.error());
    assert.deepEqual(oracle.totals(), { right: 1, wrong: 0, unavailable: 2 });
    oracle.observed('b', { ...SEEN, sub: 'u2' });
    assert.deepEqual(oracle.totals(), { right: 1, wrong: 1, unavailable: 1 });
  });

  it('counts as wrong what an app saw of a request that nobody sent', () => {
    const oracle = createOracle();
    oracle.observed('smuggled', SEEN);
    assert.deepEqual(oracle.totals(), { right: 0, wrong: 1, unavailable: 0 });
    assert.match(oracle.complaints()[0] ?? '', /smuggled, which nobody sent/);
  });

  it('refuses to be used carelessly: twice expected, twice judged, judged without expectation', () => {
    const { oracle } = judged(new Response('ok'), SEEN);
    assert.throws(() => oracle.expect('r', MAY), /expected before/);
    assert.throws(() => oracle.judge('r', new Response('ok')), /judged before/);
    assert.throws(() => oracle.judge('other', new Response('ok')), /told nothing/);
  });

  it('makes people who are all different, who exist nowhere, and who are the same for the same seed', () => {
    const [one, again, other] = [createOracle({ seed: 7 }), createOracle({ seed: 7 }), createOracle({ seed: 8 })];
    const people = Array.from({ length: 2000 }, () => one.user());
    const others = Array.from({ length: 2000 }, () => other.user());
    assert.equal(new Set([...people, ...others].map(({ pid }) => pid)).size, 4000);
    assert.equal(new Set([...people, ...others].map(({ sub }) => sub)).size, 4000);
    for (const { pid } of people)
      assert.ok(hasRightControlDigits(pid) && /^(?:0[1-9]|1\d|2[0-8])(?:8[1-9]|9[0-2])/.test(pid), pid);
    assert.deepEqual(again.user(), people[0]);
    assert.equal(one.user({ acr: 'idporten-loa-substantial' }).acr, 'idporten-loa-substantial');
  });
});

describe('oracle service', () => {
  it('takes reports of apps in other processes, and refuses what is no report', async (t) => {
    const oracle = createOracle();
    const service = await serveOracle(oracle);
    t.after(() => service.close());
    oracle.expect('r', MAY);
    await reportTo(service.url, 'r', SEEN);
    assert.equal(oracle.judge('r', new Response('ok')), 'right');
    for (const body of ['', '{', '[]', '{"requestId":1,"identity":{}}', '{"requestId":"r"}', 'x'.repeat(70_000)]) {
      const { status } = await fetch(service.url, { method: 'POST', body });
      assert.equal(status, 400, body.slice(0, 40));
    }
    assert.deepEqual(oracle.totals(), { right: 1, wrong: 0, unavailable: 0 });
  });
});
