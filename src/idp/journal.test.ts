import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createJournal } from './journal.ts';

test('control: the lists are bounded by size too, the newest stays', () => {
  const journal = createJournal();
  const raw = 'x'.repeat(1024 * 1024);
  const token = { persona: 'p', client: 'c', kind: 'access', header: {}, claims: {} } as const;
  const request = { persona: 'p', endpoint: 'token', method: 'POST', status: 200, parameters: [] };
  for (let time = 0; time < 100; time += 1) {
    journal.noteIssued({ ...token, time, raw: `${raw}${time}` });
    journal.noteRequest({ ...request, time, assertion: [raw, `${time}`] });
  }
  for (const list of [journal.issued(), journal.requests()]) {
    assert.equal(list.length, 31);
    assert.deepEqual([list[0]?.time, list.at(-1)?.time], [69, 99]);
  }
  for (let time = 100; time < 200; time += 1) journal.noteRequest({ ...request, time, assertion: undefined });
  assert.equal(journal.requests().length, 131);
  journal.clear();
  assert.deepEqual([journal.issued(), journal.requests()], [[], []]);
});
