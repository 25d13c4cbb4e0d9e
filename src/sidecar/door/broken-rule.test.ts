import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import { fakeRequest } from '../../web/testing/fake-request.ts';
import { brokenRule } from './front-door.ts';
import type { FrontDoor } from './front-door.ts';

const DOOR: FrontDoor = { allowedHosts: ['Sidecar.Local'], loopback: true };

function rule(headers: Readonly<Record<string, string>>, door: FrontDoor = DOOR, remoteAddress = '127.0.0.1'): unknown {
  return brokenRule(fakeRequest({ headers, remoteAddress }), door);
}

test('whatever stands in Host, only the names of this machine and those allowed pass, with any port (3.6)', () => {
  const passes = /^(?:127\.0\.0\.1|localhost|\[::1\]|sidecar\.local)(?::\d{1,5})?$/i;
  const piece = fc.constantFrom(
    '127.0.0.1',
    'localhost',
    '[::1]',
    'sidecar.local',
    ':',
    '80',
    '.',
    '@',
    '[',
    ']',
    ' ',
    'x',
    '::1',
  );
  const near = fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(fc.oneof(near, fc.string()), (host) => {
      assert.equal(rule({ Host: host }), passes.test(host) ? undefined : 'Host');
    }),
    { numRuns: 2000 },
  );
});

test('a listener on loopback serves peers on loopback alone, whatever they call it (3.6)', () => {
  for (const peer of ['127.0.0.1', '127.1.2.3', '::1'])
    assert.equal(rule({ Host: 'localhost' }, DOOR, peer), undefined);
  for (const peer of ['10.0.0.7', '0.0.0.0', 'fe80::1', '::', '']) {
    assert.equal(rule({ Host: 'localhost' }, DOOR, peer), 'peer address', peer);
  }
  assert.equal(rule({ Host: 'localhost' }, { ...DOOR, loopback: false }, '10.0.0.7'), undefined);
});

test('a socket has no name and no peer address, but browsers are refused there too (3.6)', () => {
  const socket: FrontDoor = { allowedHosts: 'any', loopback: false };
  for (const host of ['localhost', 'anything.example', 'sidecar'])
    assert.equal(rule({ Host: host }, socket, ''), undefined);
  assert.equal(rule({ Host: 'localhost', Origin: 'null' }, socket, ''), 'Origin');
});

test('one Host: none and two are refused, also where any name will do (3.6)', () => {
  assert.equal(rule({}), 'Host');
  assert.equal(rule({ Host: 'localhost', host: 'localhost' }), 'Host');
  assert.equal(rule({}, { allowedHosts: 'any', loopback: false }, ''), 'Host');
});

test('Sec-Fetch-Mode is what Node itself sends; Origin and Sec-Fetch-Site are what only browsers send, empty or not (3.6)', () => {
  assert.equal(rule({ Host: 'localhost', 'Sec-Fetch-Mode': 'cors' }), undefined);
  assert.equal(rule({ Host: 'localhost', Origin: '' }), 'Origin');
  assert.equal(rule({ Host: 'localhost', 'Sec-Fetch-Site': '' }), 'Sec-Fetch-Site');
});

test('the required header is asked for by name in any case, whatever its value (3.6)', () => {
  const door = { ...DOOR, requiredHeader: 'X-From-App' };
  assert.equal(rule({ Host: 'localhost' }, door), 'X-From-App');
  assert.equal(rule({ Host: 'localhost', 'x-from-APP': '' }, door), undefined);
});
