import { writeSync } from 'node:fs';
import { exchangeEvents } from '../../src/exchange/record/event-table.ts';
import { createTestKeys, createWorld } from '../../src/exchange/testing/world.ts';
import { createAuditFile } from '../../src/observe/audit-file.ts';
import { createObserver } from '../../src/observe/observer.ts';

/*
 * A token exchange server with an audit file (durability fsync) that is asked without end. Each answer is told on standard
 * output when it is there: correlation id and status.
 */
const [path = ''] = process.argv.slice(2);
const auditSink = createAuditFile(path, { durability: 'fsync' });
const observer = createObserver({ destination: 'silent', auditSink, now: () => Date.now() / 1000 });
const world = await createWorld({
  keys: await createTestKeys(),
  emit: observer.emitter('exchange', exchangeEvents),
  record: observer.recorder('exchange', exchangeEvents),
});

async function ask(asker: number): Promise<never> {
  for (let n = 0; ; n += 1) {
    const cid = `${process.pid}-${asker}-${n}`;
    const target = n % 3 === 0 ? { audience: 'dev:fleet:lonely' } : {};
    const { status } = await world.exchange(target, { 'X-Correlation-ID': cid });
    writeSync(1, `${cid} ${status}\n`);
  }
}

await Promise.all([0, 1, 2, 3, 4, 5].map(ask));
