import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { isExcepted } from './outbound-proxy.ts';

const is = (host: string, except: string): boolean => isExcepted(new URL(`https://${host}/x`), except);

test('NO_PROXY names hosts, what is below them, addresses, networks, and all of it by a star', () => {
  const excepted: readonly [host: string, except: string][] = [
    ['a.example', 'a.example'],
    ['A.example', 'a.EXAMPLE'],
    ['b.a.example', 'a.example'],
    ['b.a.example', '.a.example'],
    ['b.a.example', '*.a.example'],
    ['a.example:8443', 'x, a.example:8443'],
    ['a.example', 'a.example:443'],
    ['10.1.2.3', '10.1.2.3'],
    ['10.1.2.3', '10.0.0.0/8'],
    ['[fd00::1]', 'fd00::/8'],
    ['[fd00::1]', '[fd00::1]'],
    ['a.example', '*'],
  ];
  for (const [host, except] of excepted) assert.equal(is(host, except), true, `${host} ${except}`);
});

test('NO_PROXY does not name what only looks alike', () => {
  const proxied: readonly [host: string, except: string][] = [
    ['ba.example', 'a.example'],
    ['a.example.com', 'a.example'],
    ['a.example:8443', 'a.example:443'],
    ['11.1.2.3', '10.0.0.0/8'],
    ['1.10.1.2', '10.1.2'],
    ['10.1.2.3', '10.0.0.0/33'],
    ['10.1.2.3', 'fd00::/8'],
    ['a.example', ''],
    ['a.example', ' , ,'],
    ['a.example', '/'],
  ];
  for (const [host, except] of proxied) assert.equal(is(host, except), false, `${host} ${except}`);
});

test('NO_PROXY may be any text: no entry throws, and none but a star names a host it does not spell', () => {
  fc.assert(
    fc.property(
      fc.string().filter((text) => !text.includes('*') && !/example/i.test(text)),
      (except) => !is('a.example', except),
    ),
  );
});
