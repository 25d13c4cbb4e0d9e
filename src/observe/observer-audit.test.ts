import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { AuditUnavailable } from './audit.ts';
import { createObserver } from './observer.ts';
import { folder, NOW, observing, TABLE } from './testing/observing.ts';

describe('audit', () => {
  it('has the record of a decision when emit returns, and none of other events', (t) => {
    const auditFile = join(folder(t), 'audit.jsonl');
    const { observer } = observing(t, { auditFile, level: 'silent' });
    const emit = observer.emitter('exchange', TABLE, { app: 'a' });
    emit({ event: 'token.refused', reason: 'no-rule' });
    assert.match(
      readFileSync(auditFile, 'utf8'),
      /^\{"t":"2026-01-02T03:04:05\.678Z","program":"exchange","event":"token\.refused","app":"a","reason":"no-rule","proc":"[\w-]{12}","seq":0,"prev":null\}\n$/,
    );
    emit({ event: 'cache.hit' });
    emit({ event: 'token.issued' });
    assert.equal(readFileSync(auditFile, 'utf8').trim().split('\n').length, 2);
    assert.equal(statSync(auditFile).mode & 0o777, 0o600);
  });

  it('goes on after the records of an earlier run', async (t) => {
    const auditFile = join(folder(t), 'audit.jsonl');
    for (const run of [1, 2]) {
      const observer = createObserver({ destination: 'silent', auditFile, now: () => NOW });
      observer.emitter('exchange', TABLE)({ event: 'token.issued', run });
      await observer.close();
    }
    assert.equal(readFileSync(auditFile, 'utf8').trim().split('\n').length, 2);
  });

  it('that cannot be written loses nothing of what befell: the log has it with the failure', (t) => {
    const { observer, lines } = observing(t, { auditFile: folder(t) });
    const emit = observer.emitter('exchange', TABLE, { app: 'local:fleet:api' });
    assert.throws(() => emit({ event: 'token.issued', outcome: 'ok', reason: 'asked' }), AuditUnavailable);
    const told: unknown = JSON.parse(lines.at(-1) ?? '');
    assert.partialDeepStrictEqual(told, {
      event: 'audit.unavailable',
      of: 'token.issued',
      lost: { app: 'local:fleet:api', outcome: 'ok', reason: 'asked' },
    });
  });

  it('that cannot be written makes emit throw AuditUnavailable, and says so in the log', (t) => {
    const auditFile = join(folder(t), 'no', 'such', 'folder', 'audit.jsonl');
    const { observer, lines } = observing(t, { auditFile });
    const emit = observer.emitter('exchange', TABLE);
    assert.equal(observer.auditReady(), false);
    assert.throws(() => emit({ event: 'token.issued' }), AuditUnavailable);
    assert.match(lines.join(''), /"event":"audit\.unavailable","of":"token\.issued"/);
    assert.doesNotMatch(lines.join(''), /"event":"token\.issued"/);
    assert.doesNotThrow(() => emit({ event: 'cache.hit' }), 'what is no decision goes on');
  });

  it('on a full disk makes emit throw', { skip: !existsSync('/dev/full') && 'there is no /dev/full here' }, (t) => {
    const { observer } = observing(t, { auditFile: '/dev/full' });
    assert.throws(() => observer.emitter('exchange', TABLE)({ event: 'token.issued' }), AuditUnavailable);
  });

  it('on a full disk is not ready until it can be written again', {
    skip: !existsSync('/dev/full') && 'there is no /dev/full here',
  }, async (t) => {
    const auditFile = join(folder(t), 'audit.jsonl');
    symlinkSync('/dev/full', auditFile);
    const { observer } = observing(t, { auditFile });
    const emit = observer.emitter('exchange', TABLE);
    assert.throws(() => emit({ event: 'token.issued' }), AuditUnavailable);
    assert.deepEqual([await observer.auditReady(), await observer.auditReady()], [false, false]);
    rmSync(auditFile);
    assert.equal(await observer.auditReady(), true);
    emit({ event: 'token.refused' });
    const records = readFileSync(auditFile, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
    assert.deepEqual(
      records.map((line) => JSON.parse(line).event),
      ['token.refused'],
    );
  });

  it('is made anew when somebody deleted it, so that no record is written where nobody can read it', (t) => {
    const auditFile = join(folder(t), 'audit.jsonl');
    const { observer } = observing(t, { auditFile });
    const emit = observer.emitter('exchange', TABLE);
    emit({ event: 'token.issued' });
    rmSync(auditFile);
    emit({ event: 'token.refused' });
    assert.match(readFileSync(auditFile, 'utf8'), /token\.refused/);
    assert.equal(observer.auditReady(), true);
  });
});
