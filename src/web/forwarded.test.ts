import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientAddress, createTrustedProxies, forwardedFor } from './forwarded.ts';

const trusted = createTrustedProxies(['10.0.0.0/8', '192.0.2.7', 'fd00::/8']);
const nobody = createTrustedProxies([]);

function from(remoteAddress: string, ...chains: readonly string[]): { remoteAddress: string; rawHeaders: string[] } {
  return { remoteAddress, rawHeaders: chains.flatMap((chain) => ['X-Forwarded-For', chain]) };
}

const CASES: readonly (readonly [title: string, request: ReturnType<typeof from>, client: string])[] = [
  ['nobody forwarded', from('203.0.113.1'), '203.0.113.1'],
  ['a stranger forwarded', from('203.0.113.1', '198.51.100.1'), '203.0.113.1'],
  ['a trusted proxy forwarded', from('10.1.2.3', '198.51.100.1'), '198.51.100.1'],
  ['the client invented the left part', from('10.1.2.3', '1.1.1.1, 198.51.100.1'), '198.51.100.1'],
  ['two trusted proxies forwarded', from('10.1.2.3', '198.51.100.1, 192.0.2.7'), '198.51.100.1'],
  ['the chain came in two headers', from('fd00::1', '198.51.100.1', '10.9.9.9'), '198.51.100.1'],
  ['the chain is no address', from('10.1.2.3', 'unknown'), '10.1.2.3'],
  ['everybody is trusted', from('10.1.2.3', '10.0.0.1'), '10.0.0.1'],
];
for (const [title, request, client] of CASES)
  test(`finds ${client} as the client when ${title}`, () => assert.equal(clientAddress(request, trusted), client));

test('believes nobody when the list is empty', () => {
  assert.equal(clientAddress(from('10.1.2.3', '198.51.100.1'), nobody), '10.1.2.3');
  assert.equal(forwardedFor(from('10.1.2.3', '198.51.100.1'), nobody), '10.1.2.3');
});

test('appends a trusted peer to its chain, and replaces the chain of any other', () => {
  assert.equal(forwardedFor(from('10.1.2.3', 'a, b', 'c'), trusted), 'a, b, c, 10.1.2.3');
  assert.equal(forwardedFor(from('203.0.113.1', 'a'), trusted), '203.0.113.1');
});

for (const range of ['', 'a', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/x', '::/129', '10.0.0'])
  test(`refuses ${JSON.stringify(range)} as a range, naming it`, () => {
    assert.throws(() => createTrustedProxies([range]), new RegExp(`^Error: ${range.replaceAll(/[.]/g, '\\.')} is not`));
  });
