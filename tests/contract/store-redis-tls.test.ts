import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { openRedisStore } from '../../src/store/redis.ts';
import { selfSigned } from '../../src/web/testing/self-signed.ts';
import { freePort } from '../servers/free-port.ts';
import { noRedis, startRedis } from '../servers/redis.ts';

/** What comes of a write and a read: the value, or the reason why there is none. A busy machine may need several attempts to connect. */
async function answerOf(url: string, tls?: boolean): Promise<string> {
  const store = openRedisStore(url, { tls });
  const end = performance.now() + 20_000;
  try {
    for (;;) {
      try {
        await store.put('a', Buffer.from('value'), 60);
        return String((await store.read('a'))?.value);
      } catch (error) {
        const reason = String(error);
        if (!reason.includes('there is no connection') || performance.now() > end) return reason;
        await pause(50);
      }
    }
  } finally {
    await store.close();
  }
}

it('rediss: speaks with nobody whose certificate is not from a known authority and for the host', {
  skip: noRedis,
}, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'fullmakt-tls-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const { cert, key } = await selfSigned();
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  await Promise.all([writeFile(certFile, cert), writeFile(keyFile, key)]);
  const port = String(await freePort());
  const files = ['--tls-cert-file', certFile, '--tls-key-file', keyFile, '--tls-ca-cert-file', certFile];
  const redis = await startRedis('--tls-port', port, '--tls-auth-clients', 'no', ...files);
  t.after(() => redis.close());
  assert.match(await answerOf(`rediss://localhost:${port}`), /^StoreUnavailable: .*SELF_SIGNED/);
  const before = getCACertificates();
  setDefaultCACertificates([...before, cert]);
  t.after(() => setDefaultCACertificates(before));
  assert.equal(await answerOf(`rediss://localhost:${port}`), 'value');
  assert.equal(await answerOf(`redis://localhost:${port}`, true), 'value');
  assert.match(await answerOf(`rediss://127.0.0.1:${port}`), /^StoreUnavailable: .*ALTNAME/);
});
