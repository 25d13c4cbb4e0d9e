import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { isFull } from '../adversarial/scale.ts';
import { verifyChain } from './audit-chain.ts';
import { filePlace, linesOf } from './audit-places.ts';

const CHILD = fileURLToPath(new URL('audit-child.ts', import.meta.url));
const ROUNDS = isFull ? 50 : 3;

/** Runs a server and kills it without warning once it has given so many answers; what it had answered by then. */
async function killed(path: string, afterAnswers: number): Promise<ReadonlyMap<string, number>> {
  const child = spawn(process.execPath, [CHILD, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  let told = '';
  for await (const chunk of child.stdout) {
    told += String(chunk);
    if (told.split('\n').length > afterAnswers) child.kill('SIGKILL');
  }
  const [, signal] = await ended;
  assert.equal(signal, 'SIGKILL', 'it ran until it was killed');
  const whole = told.slice(0, told.lastIndexOf('\n')).split('\n');
  return new Map(whole.map((line) => [line.split(' ')[0] ?? '', Number(line.split(' ')[1])]));
}

test('F04: after kill -9 every decision that was answered is on record, once, and the chain of each run holds', async (t) => {
  const { path } = filePlace(t, {});
  for (let round = 0; round < ROUNDS; round += 1) {
    const answers = await killed(path, 20 + Math.floor(Math.random() * 150));
    const decisions = new Map<string, readonly string[]>();
    for (const line of linesOf(path)) {
      const record = recordIn(line);
      if (record !== undefined) decisions.set(record.cid, [...(decisions.get(record.cid) ?? []), record.decision]);
    }
    assert.ok(answers.size >= 20);
    for (const [cid, status] of answers) {
      assert.ok(status === 200 || status === 400, `${cid} ${status}`);
      assert.deepEqual(decisions.get(cid), [status === 200 ? 'allow' : 'deny'], cid);
    }
  }
  const { broken, aside, runs } = verifyChain(linesOf(path));
  assert.deepEqual({ broken, aside, runs }, { broken: undefined, aside: undefined, runs: ROUNDS });
});

/** The record in a line; a line that the kill cut short has none. */
function recordIn(line: string): { readonly cid: string; readonly decision: string } | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
