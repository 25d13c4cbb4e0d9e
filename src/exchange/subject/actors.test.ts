import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { actOf, createActorBench, reasonOf, tokenOf } from '../testing/actors.ts';
import { claimsOf, IDP, ISSUER } from '../testing/world.ts';

const { world, ask, subjectWith } = await createActorBench();
after(() => world.close());

test('X11, A1: five actors pass, the sixth is refused', async () => {
  let token = tokenOf(await ask('web', 'loop'));
  for (let depth = 2; depth <= 5; depth += 1) {
    const answer = await ask('loop', 'loop', { subject_token: token });
    assert.equal(JSON.stringify(actOf(answer)).split('"sub"').length - 1, depth);
    token = tokenOf(answer);
  }
  const sixth = await ask('loop', 'loop', { subject_token: token });
  assert.deepEqual([sixth.status, sixth.body['error'], reasonOf(sixth)], [400, 'invalid_request', 'act-depth']);
});

test('X11, A1: an audience that wants no act gets none, and the chain begins anew behind it', async () => {
  const quiet = await ask('web', 'quiet');
  assert.equal(actOf(quiet), undefined);
  assert.deepEqual(actOf(await ask('quiet', 'store', { subject_token: tokenOf(quiet) })), { sub: 'dev:fleet:quiet' });
});

test("X11, A2: another issuer's actors keep sub and iss alone, and never our name", async () => {
  const deep = {
    sub: 'dev:fleet:api',
    iss: ISSUER,
    role: 'admin',
    act: { sub: 'x', iss: 'https://x.example.test', pid: '1' },
  };
  assert.deepEqual(actOf(await ask('web', 'api', { subject_token: await subjectWith({ act: deep }) })), {
    sub: 'dev:fleet:web',
    act: { sub: 'dev:fleet:api', iss: IDP, act: { sub: 'x', iss: 'https://x.example.test' } },
  });
});

test("L2, L3, A2: another issuer's actors may be people, and are no apps of ours: the record has pseudonyms of them", async () => {
  const first = await ask('web', 'api', { subject_token: await subjectWith({ act: { sub: '00000000000' } }) });
  const [caller, theirs, ...more] = world.lastDecision()?.act ?? [];
  assert.equal(caller, 'dev:fleet:web');
  assert.match(String(theirs), /^h[0-9a-f]{6}:/);
  assert.deepEqual(more, []);
  await ask('api', 'store', { subject_token: tokenOf(first) });
  assert.deepEqual(world.lastDecision()?.act, ['dev:fleet:api', 'dev:fleet:web', theirs]);
});

test('X11, A1: an act that is none is refused, at whatever depth it stands', async () => {
  const bad = ['dev:fleet:web', { iss: 'x' }, [{ sub: 'x' }], null, {}, { sub: 7 }, { sub: 'x', act: 'y' }];
  for (const act of bad) {
    const answer = await ask('web', 'api', { subject_token: await subjectWith({ act }) });
    assert.equal(reasonOf(answer), 'subject-malformed', JSON.stringify(act));
  }
});

test('N16, J8: a planted cnf is refused, whatever it holds', async () => {
  for (const cnf of [{ jkt: 'x' }, {}, null, 'x']) {
    const answer = await ask('web', 'api', { subject_token: await subjectWith({ cnf }) });
    assert.equal(reasonOf(answer), 'subject-bound', JSON.stringify(cnf));
  }
});

test('X11, N16, A1: nested actors are history: none of them opens a way for the caller', async () => {
  const act = { sub: 'dev:fleet:api' };
  assert.equal(reasonOf(await ask('web', 'store', { subject_token: await subjectWith({ act }) })), 'no-rule');
});

const MAY_ACT: readonly (readonly [unknown, boolean])[] = [
  [{ sub: 'dev:fleet:web' }, true],
  [{ client_id: 'dev:fleet:web' }, true],
  [{ sub: 'dev:fleet:web', client_id: 'dev:fleet:web', iss: ISSUER }, true],
  [{ sub: 'dev:fleet:web', iss: ISSUER }, true],
  [{ sub: 'dev:fleet:web', iss: IDP }, false],
  [{ sub: 'dev:fleet:web', iss: null }, false],
  [{ sub: 'dev:fleet:api' }, false],
  [{ sub: 'dev:fleet:web', client_id: 'dev:fleet:api' }, false],
  [{ sub: 'dev:fleet:api', client_id: 'dev:fleet:web' }, false],
  [{ sub: 'DEV:fleet:web' }, false],
  [{ sub: ['dev:fleet:web'] }, false],
  [{ sub: 'dev:fleet:web', scope: 'les' }, false],
  [{ sub: 'dev:fleet:web', aud: 'dev:fleet:api' }, false],
  [{ iss: ISSUER }, false],
  [{}, false],
  [[], false],
  [[{ sub: 'dev:fleet:web' }], false],
  ['dev:fleet:web', false],
  [null, false],
  [true, false],
];

test('X11, N16, A4: may_act has to name the caller in words we know, and goes no further', async () => {
  for (const [mayAct, passes] of MAY_ACT) {
    const answer = await ask('web', 'api', { subject_token: await subjectWith({ may_act: mayAct }) });
    assert.equal(reasonOf(answer), passes ? 'issued' : 'may-act', JSON.stringify(mayAct));
    if (passes) assert.ok(!('may_act' in claimsOf(answer)));
  }
});
