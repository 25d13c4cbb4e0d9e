import assert from 'node:assert/strict';
import { test } from 'node:test';
import { observing, TABLE } from './testing/observing.ts';

const seriesOf = (text: string): readonly string[] => text.split('\n').filter((line) => /^[^#]/.test(line));

test('T36 what is forgotten leaves no series, takes nothing else along, and makes room within the bound', async (t) => {
  const { observer } = observing(t);
  const tell = (client: string, outcome = 'ok'): void =>
    observer.emitter('exchange', TABLE, { client })({ event: 'token.issued', outcome, seconds: 0.1 });
  tell('stays');
  const before = seriesOf(await observer.metrics());
  for (let round = 0; round < 3; round += 1) {
    for (let at = 0; at < 999; at += 1) tell(`goes-${round}-${at}`);
    assert.match(await observer.metrics(), new RegExp(`client="goes-${round}-998"\\} 1`));
    for (let at = 0; at < 999; at += 1) observer.forget({ client: `goes-${round}-${at}` });
  }
  const after = seriesOf(await observer.metrics());
  assert.deepEqual(
    after.filter((line) => line.includes('client=')),
    before.filter((line) => line.includes('client=')),
  );
});

test('what comes back after it was forgotten begins at one, and nothing is forgotten of a label nobody has', async (t) => {
  const { observer } = observing(t);
  const tell = (): void =>
    observer.emitter('exchange', TABLE, { client: 'one' })({ event: 'token.refused', outcome: 'no' });
  tell();
  tell();
  observer.forget({ client: 'one' });
  observer.forget({ other: 'one' });
  tell();
  assert.match(await observer.metrics(), /\{outcome="no",client="one"\} 1$/m);
});

test('T36 what is past the bound is counted with what is called other anyway, in one series (3.9)', async (t) => {
  const { observer } = observing(t, { level: 'error' });
  const emit = observer.emitter('exchange', TABLE, { client: 'one' });
  emit({ event: 'token.issued', outcome: 'other', seconds: 0.1 });
  for (let at = 0; at < 1001; at += 1) emit({ event: 'token.issued', outcome: `outcome-${at}`, seconds: 0.1 });
  const series = seriesOf(await observer.metrics());
  const names = series.map((line) => line.slice(0, line.lastIndexOf(' ')));
  assert.equal(new Set(names).size, names.length);
  assert.ok(series.includes('fullmakt_exchange_duration_seconds_count{outcome="other"} 3'));
});
