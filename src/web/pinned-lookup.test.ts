import assert from 'node:assert/strict';
import type { LookupOptions } from 'node:dns';
import { test } from 'node:test';
import { addressKind } from './addresses.ts';
import { AddressRefused, pinnedLookup } from './pinned-lookup.ts';
import type { Resolve } from './pinned-lookup.ts';

const four = (address: string): { address: string; family: number } => ({ address, family: 4 });
const isPublic = (address: string): boolean => addressKind(address) === 'public';

function ask(resolve: Resolve, options: LookupOptions = { all: true }): Promise<unknown> {
  return new Promise((settle, reject) => {
    pinnedLookup(resolve, isPublic)('name.test', options, (error, address, family) => {
      if (error === null) settle(family === undefined ? address : { address, family });
      else reject(error);
    });
  });
}

test('the addresses that may be talked to are what the socket gets, the others it never sees', async () => {
  const all = [
    four('10.0.0.1'),
    four('8.8.8.8'),
    { address: 'fe80::1', family: 6 },
    { address: '2606:4700::1', family: 6 },
  ];
  const resolve: Resolve = () => Promise.resolve(all);
  assert.deepEqual(await ask(resolve), [all[1], all[3]]);
  assert.deepEqual(await ask(resolve, { all: true, family: 6 }), [all[3]]);
  assert.deepEqual(await ask(resolve, {}), all[1]);
});

test('a name is resolved once for each connection: what it means afterwards does not count', async () => {
  const answers = ['8.8.8.8', '127.0.0.1', '169.254.169.254'];
  let asked = 0;
  const resolve: Resolve = () => Promise.resolve([four(answers[asked++] ?? '')]);
  assert.deepEqual(await ask(resolve), [four('8.8.8.8')]);
  assert.equal(asked, 1);
  await assert.rejects(ask(resolve), AddressRefused);
  await assert.rejects(ask(resolve), { code: 'ERR_ADDRESS_REFUSED', message: /name\.test/ });
  assert.equal(asked, 3);
});

test('a resolver that finds nothing, or fails, is an error of the connection', async () => {
  await assert.rejects(
    ask(() => Promise.resolve([])),
    AddressRefused,
  );
  await assert.rejects(
    ask(() => Promise.reject(new Error('ENOTFOUND'))),
    /ENOTFOUND/,
  );
});
