import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryRegistry } from '../../registry/registry.ts';
import { issuerOfRow, seedIssuers } from './issuer-rows.ts';
import type { TrustedIssuer } from './trusted-issuer.ts';
import { openSubjectIssuers } from '../testing/subject-issuers.ts';

const now = (): number => 1000;
const issuer = (name: string, more: Partial<TrustedIssuer> = {}): TrustedIssuer => ({
  name,
  issuer: `https://${name}.example.test`,
  jwks: { keys: [] },
  bind: { aud: ['us'] },
  ...more,
});

test('6.1: the configured issuers become the rows: put where they differ, removed where they are not named', async () => {
  const registry = createMemoryRegistry({ now });
  await seedIssuers(registry, [issuer('a'), issuer('b', { disabled: true })]);
  assert.deepEqual(
    [...registry.snapshot().issuers()].map(({ name, state }) => [name, state]),
    [
      ['a', 'active'],
      ['b', 'disabled'],
    ],
  );
  await seedIssuers(registry, [issuer('a'), issuer('b', { disabled: true })]);
  assert.equal(registry.snapshot().version, 1, 'what is there already is not written');
  await seedIssuers(registry, [issuer('a', { maxAge: 60 })]);
  assert.deepEqual(
    [...registry.snapshot().issuers()].map(({ settings }) => settings['maxAge']),
    [60],
  );
});

test('6.1: an issuer that an operator turned off stays off when processes start', async () => {
  const registry = createMemoryRegistry({ now });
  await seedIssuers(registry, [issuer('a')]);
  const row = registry.snapshot().issuer('a');
  assert.ok(row !== undefined);
  await registry.commit(1, { putIssuers: [{ ...row, state: 'disabled' }] });
  await seedIssuers(registry, [issuer('a', { maxAge: 60 })]);
  assert.deepEqual(
    [registry.snapshot().issuer('a')?.state, registry.snapshot().issuer('a')?.settings['maxAge']],
    ['disabled', 60],
  );
});

test('6.1: processes that start at once agree, whatever one of them finds changed meanwhile', async () => {
  const registry = createMemoryRegistry({ now });
  const configured = [issuer('a'), issuer('b')];
  await Promise.all(Array.from({ length: 8 }, () => seedIssuers(registry, configured)));
  assert.deepEqual(
    [...registry.snapshot().issuers()].map(issuerOfRow),
    configured.map((each) => ({ ...each })),
  );
  assert.equal(registry.snapshot().version, 1);
});

test('6.1: a row that asks for what this program does not know is no trusted issuer', () => {
  const settings = { issuer: 'https://a.example.test', jwks: { keys: [] }, bind: 'any', tomorrow: true };
  assert.equal(issuerOfRow({ name: 'a', state: 'active', settings }), undefined);
});

test('N07, 6.1: an issuer that is turned off, changed or removed is so from the next version on', async (t) => {
  const registry = createMemoryRegistry({ now });
  await seedIssuers(registry, [issuer('a')]);
  const found = openSubjectIssuers(t, { registry, now });
  const rules = (): number | string | undefined => {
    const one = found.find('https://a.example.test');
    return typeof one === 'object' ? (one.rules.maxAgeSeconds ?? 'no limit') : one;
  };
  assert.equal(rules(), 'no limit');
  await seedIssuers(registry, [issuer('a', { maxAge: 60 }), issuer('b', { typ: ['odd'] })]);
  assert.equal(rules(), 60);
  const b = found.find('https://b.example.test');
  assert.deepEqual(typeof b === 'object' ? b.rules.typ : b, ['odd']);
  const row = registry.snapshot().issuer('a');
  assert.ok(row !== undefined);
  await registry.commit(2, { putIssuers: [{ ...row, state: 'disabled' }] });
  assert.equal(rules(), undefined);
  await registry.commit(3, { putIssuers: [row], removeIssuers: ['b'] });
  assert.deepEqual([rules(), found.find('https://b.example.test')], [60, undefined]);
});
