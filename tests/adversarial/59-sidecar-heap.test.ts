import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { test } from 'node:test';
import { getHeapSnapshot } from 'node:v8';
import { makeKeys, START, startProvider, startSidecar, testEnv } from '../../src/sidecar/testing/sidecar.ts';
import { json } from '../../src/web/http.ts';

const keys = await makeKeys();
const JSON_TYPE = 'application/json';
const FORM_TYPE = 'application/x-www-form-urlencoded';
/** From the payload, near the beginning: of long texts a snapshot holds no more than that. */
const MARK = { from: 5, length: 40 };

/** A text that is looked for, in a form in which it is not on the heap itself. */
function marked(token: string): Buffer {
  const payload = token.indexOf('.') + 1;
  return Buffer.from(token.slice(payload + MARK.from, payload + MARK.from + MARK.length));
}

async function isOnHeap(texts: readonly Buffer[]): Promise<readonly boolean[]> {
  const pieces: Buffer[] = [];
  for await (const piece of getHeapSnapshot()) pieces.push(Buffer.from(piece));
  const snapshot = Buffer.concat(pieces);
  return texts.map((text) => snapshot.indexOf(text) !== -1);
}

test("T59 no text of a user's token is on the heap once its requests are over, however often they came; what is kept is", async (t) => {
  const provider = await startProvider(t, keys);
  const kept = `aaaaa.${'kept-by-the-cache-'.repeat(3)}`;
  provider.answer = () => json(200, { access_token: kept, token_type: 'Bearer', expires_in: 3600 });
  const sidecar = await startSidecar(t, testEnv(provider.origin, keys));
  // Connections stay, as those of an application do.
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  const ask = (path: string, type: string, body: string): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const options = { method: 'POST', agent, headers: { 'content-type': type, 'content-length': body.length } };
      request(`${sidecar.origin}/api/v1${path}`, options, (answer) => {
        answer.resume().once('end', () => resolve(answer.statusCode));
      })
        .once('error', reject)
        .end(body);
    });

  async function askAll(subject: string, issuer: string, words: Readonly<Record<string, string>>): Promise<Buffer> {
    const times = { iat: START, exp: START + 600 };
    const token = await provider.mint({ iss: `${provider.origin}/${issuer}`, sub: subject, ...words, ...times });
    const identity = { identity_provider: issuer === 'entra' ? 'entra_id' : issuer };
    const asked = [
      ['/introspect', { ...identity, token }],
      ['/token/exchange', { ...identity, target: 'api://one/.default', user_token: token }],
      // Nobody asks for it there, and it goes the way of what is remembered by its very bytes.
      ['/token', { identity_provider: 'entra_id', target: 'api://one/.default', user_token: token }],
    ] as const;
    for (let round = 0; round < 3; round += 1) {
      for (const [path, fields] of asked) {
        assert.equal(await ask(path, JSON_TYPE, JSON.stringify(fields)), 200);
        assert.equal(await ask(path, FORM_TYPE, new URLSearchParams(fields).toString()), 200);
      }
    }
    return marked(token);
  }

  const users = [
    await askAll('one', 'entra', { aud: 'entra-client' }),
    await askAll('two', 'tokenx', { aud: 'local:fleet:api' }),
  ];
  // What the test itself holds, and what an answer that has just gone out still holds.
  provider.forms.length = 0;
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(await isOnHeap([marked(kept), ...users]), [true, false, false]);
});
