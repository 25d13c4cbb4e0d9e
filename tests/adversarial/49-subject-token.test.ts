import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { exchangeEvents } from '../../src/exchange/record/event-table.ts';
import {
  claimsOf,
  createTestKeys,
  createWorld,
  idportenClient,
  ISSUER,
  sign,
  testApp,
  testClient,
  testGrant,
} from '../../src/exchange/testing/world.ts';
import type { Answer, TestKeys, World } from '../../src/exchange/testing/world.ts';
import { publicJwk } from '../../src/oauth/jwk.ts';
import { createObserver } from '../../src/observe/observer.ts';

const APPS = ['alfa', 'bravo', 'charlie', 'delta', 'echo', 'foxtrot'] as const;
type Name = (typeof APPS)[number];
/** Who may call whom; everybody is called by somebody, and foxtrot by itself. */
const EDGES: readonly (readonly [Name, Name])[] = [
  ['alfa', 'bravo'],
  ['bravo', 'charlie'],
  ['charlie', 'delta'],
  ['delta', 'echo'],
  ['echo', 'alfa'],
  ['alfa', 'delta'],
  ['echo', 'foxtrot'],
  ['foxtrot', 'foxtrot'],
];
const id = (name: Name): string => `dev:fleet:${name}`;
const mayCall = (from: Name, to: Name): boolean => EDGES.some(([caller, target]) => caller === from && target === to);

const folder = mkdtempSync(join(tmpdir(), 'fullmakt-adversarial-'));
const auditFile = join(folder, 'audit.jsonl');
const observer = createObserver({ destination: 'silent', auditFile, now: () => 0 });
let keys: TestKeys;
let world: World;

before(async () => {
  keys = await createTestKeys();
  const jwks = [publicJwk(keys.client)];
  world = await createWorld({
    keys,
    data: {
      apps: APPS.map((name) => testApp(name)),
      clients: [...APPS.map((name) => testClient(name, jwks)), idportenClient('alfa', 'login-client')],
      grants: EDGES.map(([from, to]) => testGrant(from, to)),
    },
    emit: observer.emitter('exchange', exchangeEvents),
  });
});

after(async () => {
  await world.close();
  await observer.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Asked {
  readonly caller: Name;
  readonly target: Name;
  readonly subject: string;
}

async function ask({ caller, target, subject }: Asked): Promise<Answer> {
  world.clock.now += 1;
  return world.exchange({
    client_assertion: await world.assertion({ claims: { iss: id(caller), sub: id(caller) } }),
    audience: id(target),
    subject_token: subject,
  });
}

/** What the audit file says last. */
function lastRecord(): Readonly<Record<string, unknown>> {
  const lines = readFileSync(auditFile, 'utf8').trimEnd().split('\n');
  return JSON.parse(lines.at(-1) ?? '') as Readonly<Record<string, unknown>>;
}

/** A genuine token for this application, by way of one that may call it. */
async function tokenFor(name: Name): Promise<string> {
  const chain: Record<Name, readonly Name[]> = {
    alfa: ['alfa', 'delta', 'echo', 'alfa'],
    bravo: ['alfa', 'bravo'],
    charlie: ['alfa', 'bravo', 'charlie'],
    delta: ['alfa', 'delta'],
    echo: ['alfa', 'delta', 'echo'],
    foxtrot: ['alfa', 'delta', 'echo', 'foxtrot'],
  };
  let subject = await world.subject();
  const path = chain[name];
  for (const [index, target] of path.slice(1).entries()) {
    const answer = await ask({ caller: path[index] ?? 'alfa', target, subject });
    assert.equal(answer.status, 200, answer.text);
    subject = String(answer.body['access_token']);
  }
  return subject;
}

for (const holder of APPS) {
  test(`T49 a token for ${holder} goes on only with ${holder}, and only where a rule leads: 36 combinations`, async () => {
    for (const caller of APPS) {
      for (const target of APPS) {
        const what = `token for ${holder}, ${caller} asks for ${target}`;
        const answer = await ask({ caller, target, subject: await tokenFor(holder) });
        const record = lastRecord();
        assert.deepEqual([record['caller'], record['target']], [id(caller), id(target)], what);
        if (!mayCall(caller, target)) {
          assert.deepEqual(
            [answer.status, answer.body['error'], answer.body['fm_reason']],
            [400, 'invalid_target', 'no-rule'],
            what,
          );
        } else if (caller !== holder) {
          const expected = [400, 'invalid_request', 'subject-not-for-caller'];
          assert.deepEqual([answer.status, answer.body['error'], answer.body['fm_reason']], expected, what);
        } else {
          assert.equal(answer.status, 200, `${what}: ${answer.text}`);
          assert.equal(claimsOf(answer)['aud'], id(target), what);
          assert.equal(claimsOf(answer)['client_id'], id(caller), what);
        }
        const decided = answer.status === 200 ? ['allow', 'issued'] : ['deny', answer.body['fm_reason']];
        assert.deepEqual([record['decision'], record['reason']], decided, what);
        assert.equal(answer.status === 200 || answer.body['access_token'] === undefined, true, what);
      }
    }
  });
}

test('T49 nobody is a TokenX of their own: tokens an application signed itself are refused, whatever issuer they name', async () => {
  const base = claimsOf(await ask({ caller: 'alfa', target: 'bravo', subject: await world.subject() }));
  const forged = { ...base, aud: id('alfa'), client_id: id('echo') };
  const cases: readonly (readonly [string, string])[] = [
    [await sign(forged, keys.client), 'subject-signature'],
    [await sign(forged, keys.idp), 'subject-signature'],
    [await sign({ ...forged, iss: id('alfa') }, keys.client), 'subject-issuer'],
    [await sign({ ...forged, iss: `${ISSUER}/` }, keys.client), 'subject-issuer'],
    [await world.assertion({ claims: { iss: id('alfa'), sub: id('alfa') } }), 'subject-issuer'],
    [await sign({ ...forged, iss: 'https://idp.example.test' }, keys.client), 'subject-signature'],
  ];
  for (const [subject, reason] of cases) {
    const answer = await ask({ caller: 'alfa', target: 'bravo', subject });
    assert.deepEqual([answer.status, answer.body['fm_reason']], [400, reason]);
    assert.deepEqual([lastRecord()['decision'], lastRecord()['reason']], ['deny', reason]);
  }
});

test('T49 a chain grows by one actor a hop, and ends at the depth that is allowed', async () => {
  let subject = await tokenFor('foxtrot');
  const statuses: number[] = [];
  let refusal: Answer | undefined;
  for (let hop = 0; hop < 12 && refusal === undefined; hop += 1) {
    const answer = await ask({ caller: 'foxtrot', target: 'foxtrot', subject });
    statuses.push(answer.status);
    if (answer.status === 200) subject = String(answer.body['access_token']);
    else refusal = answer;
  }
  assert.equal(refusal?.body['fm_reason'], 'act-depth', statuses.join());
  assert.equal(lastRecord()['reason'], 'act-depth');
  const actors = (act: unknown): number =>
    typeof act === 'object' && act !== null ? 1 + actors(Object.getOwnPropertyDescriptor(act, 'act')?.value) : 0;
  const claims: unknown = JSON.parse(Buffer.from(subject.split('.')[1] ?? '', 'base64url').toString());
  assert.equal(actors(Object.getOwnPropertyDescriptor(claims, 'act')?.value), 3 + statuses.length - 1);
});

test('T49 every answer left one record, and none holds a token', () => {
  const text = readFileSync(auditFile, 'utf8');
  assert.ok(text.split('\n').length > 216);
  assert.doesNotMatch(text, /eyJ/);
});
