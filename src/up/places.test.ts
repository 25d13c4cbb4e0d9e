import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { appId } from '../registry/app-id.ts';
import { createPlaces } from './places.ts';
import { createPortBook } from './ports.ts';

function bookFile(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'fullmakt-ports-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return join(dir, 'ports.json');
}

const one = appId('local', 'team', 'one');
const two = appId('local', 'team', 'two');

test('apps keep the ports they were first given, whatever comes first after a restart', (t) => {
  const file = bookFile(t);
  const before = createPortBook(file, 0);
  assert.deepEqual(before(one), { ingress: 7500, app: 7501, sidecar: 7502 });
  assert.deepEqual(before(two), { ingress: 7510, app: 7511, sidecar: 7512 });
  assert.deepEqual(createPortBook(file, 0)(two), { ingress: 7510, app: 7511, sidecar: 7512 });
  assert.deepEqual(createPortBook(file, 1000)(one), { ingress: 8500, app: 8501, sidecar: 8502 });
});

test('no app ever gets 7564 to 7566, which login proxies use in a pod', (t) => {
  const ports = createPortBook(bookFile(t), 0);
  const all = Array.from({ length: 20 }, (_, n) => Object.values(ports(appId('local', 'team', `app-${n}`)))).flat();
  assert.deepEqual(
    all.filter((port) => port >= 7564 && port <= 7566),
    [],
  );
  assert.equal(new Set(all).size, all.length);
});

test('a damaged port book is named, and not written over', (t) => {
  const file = bookFile(t);
  writeFileSync(file, '{"not":"a list"}');
  assert.throws(() => createPortBook(file, 0), /ports\.json is damaged/);
});

const ingresses: readonly (readonly [string, string])[] = [
  ['https://permits.example.no', 'http://localhost:7500'],
  ['https://nav.example/app', 'http://localhost:7500/app'],
  ['http://localhost:3000', 'http://localhost:3000'],
  ['http://127.0.0.1:3000/x', 'http://127.0.0.1:3000/x'],
];

for (const [declared, here] of ingresses) {
  test(`an ingress ${declared} is served at ${here} on this machine`, (t) => {
    assert.deepEqual(createPlaces(bookFile(t), 0).ingresses(one, [declared]), [here]);
  });
}
