import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { openListener, rawClient } from './testing/raw-client.ts';

/** The kernel's timer on the listener's side of a connection, as `/proc/net/tcp` names it: 2 is that of keep-alive probes. */
function timerOf(port: number): string | undefined {
  const local = port.toString(16).toUpperCase().padStart(4, '0');
  const rows = readFileSync('/proc/net/tcp', 'utf8').split('\n');
  const row = rows.find((each) =>
    new RegExp(`^ *\\d+: [0-9A-F]{8}:${local} [0-9A-F]{8}:(?!0000)[0-9A-F]{4} 01 `).test(each),
  );
  return row?.trim().split(/ +/)[5]?.split(':')[0];
}

test('asks by itself whether a silent client is still there: one that lost power says no good-bye', async (t) => {
  if (process.platform !== 'linux') return t.skip('reads /proc');
  const { port } = await openListener(t, {});
  const client = rawClient(t, port);
  client.send('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n');
  await client.until(/ok$/);
  assert.equal(timerOf(port), '02');
});
