import assert from 'node:assert/strict';
import test from 'node:test';
import { normaliseLevel, satisfiesLevel } from './levels.ts';

test('a level satisfies equal and lower ones; unknown ones only themselves (providers 2.4)', () => {
  const yes: readonly (readonly [string, string])[] = [
    ['idporten-loa-substantial', 'idporten-loa-high'],
    ['idporten-loa-high', 'Level4'],
    ['Level3', 'idporten-loa-substantial'],
    ['eidas-loa-low', 'eidas-loa-high'],
    ['urn:own', 'urn:own'],
  ];
  const no: readonly (readonly [string, string | undefined])[] = [
    ['idporten-loa-high', 'idporten-loa-substantial'],
    ['idporten-loa-low', 'selfregistered-email'],
    ['idporten-loa-substantial', 'eidas-loa-high'],
    ['eidas-loa-low', 'idporten-loa-high'],
    ['urn:own', 'urn:other'],
    ['idporten-loa-low', undefined],
    ['idporten-loa-low', 'constructor'],
    ['constructor', 'toString'],
  ];
  for (const [required, actual] of yes) assert.ok(satisfiesLevel(required, actual), `${required} by ${actual}`);
  for (const [required, actual] of no) assert.ok(!satisfiesLevel(required, actual), `${required} by ${actual}`);
});

test('retired level names are translated, all others kept (providers 2.4)', () => {
  assert.deepEqual(['Level3', 'Level4', 'Level5'].map(normaliseLevel), [
    'idporten-loa-substantial',
    'idporten-loa-high',
    'Level5',
  ]);
});
