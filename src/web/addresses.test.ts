import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { AddressKind } from './addresses.ts';
import { addressKind } from './addresses.ts';

const TABLE: Readonly<Record<AddressKind, readonly string[]>> = {
  never: [
    '169.254.169.254',
    '169.254.0.0',
    '0.0.0.0',
    '0.1.2.3',
    '224.0.0.1',
    '255.255.255.255',
    '100.100.100.200',
    '168.63.129.16',
    '::',
    'fe80::1',
    'fe80::1%eth0',
    'febf::1',
    'ff02::1',
    'fd00:ec2::254',
    '2002:a9fe:a9fe::1',
    '2001:0:1::1',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '64:ff9b::169.254.169.254',
    '::ffff:0:169.254.169.254',
    '::169.254.169.254',
    '',
    'localhost',
    '127.1',
    '2852039166',
  ],
  private: [
    '127.0.0.1',
    '127.255.255.255',
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '100.64.0.1',
    '198.19.0.1',
    '::1',
    '0:0:0:0:0:0:0:1',
    'fd12::1',
    'fc00::1',
    '::ffff:127.0.0.1',
    '::ffff:10.1.1.1',
    '64:ff9b::10.0.0.1',
    '64:ff9b:1::1',
    '::127.0.0.1',
  ],
  public: [
    '8.8.8.8',
    '172.15.0.1',
    '172.32.0.1',
    '169.253.1.1',
    '2606:4700::1111',
    '::ffff:8.8.8.8',
    '64:ff9b::8.8.8.8',
  ],
};

for (const [kind, addresses] of Object.entries(TABLE)) {
  test(`these addresses are ${kind}: ${addresses.length} of them`, () => {
    for (const address of addresses) assert.equal(addressKind(address), kind, address);
  });
}

test('an IPv4 address is of one kind however it is dressed as an IPv6 one', () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      const kind = addressKind(address);
      for (const prefix of ['::ffff:', '64:ff9b::', '::ffff:0:'])
        assert.equal(addressKind(prefix + address), kind, address);
    }),
  );
});

test('any address has a kind, and what is no address is never one to talk to', () => {
  const kinds = new Set(Object.keys(TABLE));
  fc.assert(fc.property(fc.ipV6(), (address) => kinds.has(addressKind(address))));
  fc.assert(fc.property(fc.string(), (text) => addressKind(`${text} x`) === 'never'));
});
