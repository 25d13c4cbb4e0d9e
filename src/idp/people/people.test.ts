import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { assert as check, integer, nat, property, string, stringMatching } from 'fast-check';
import { parsePeople } from './people.ts';
import { FIRST_PEOPLE } from './first.ts';
import { isSyntheticPid } from './pid.ts';
import { PID } from '../testing/sign-in.ts';
import { openWorld } from '../testing/world.ts';

const world = await openWorld({ personas: ['idporten'] });
after(() => world.close());

test('safety: a pid passes only with month + 80 and both check digits', () => {
  assert.ok(isSyntheticPid(PID));
  assert.ok(!isSyntheticPid('01019090285'));
  check(
    property(stringMatching(/^\d{11}$/), (text) => {
      const month = Number(text.slice(2, 4));
      return !isSyntheticPid(text) || (month >= 81 && month <= 92);
    }),
  );
  check(
    property(nat(10), integer({ min: 1, max: 9 }), (at, step) => {
      const digit = (Number(PID[at]) + step) % 10;
      return !isSyntheticPid(`${PID.slice(0, at)}${digit}${PID.slice(at + 1)}`);
    }),
  );
});

test('people: twelve at first start, five employees, one of them in no group', () => {
  const { people, skipped } = parsePeople(FIRST_PEOPLE);
  assert.deepEqual([people.length, skipped.length], [12, 0]);
  const employees = people.filter((person) => person.employee !== undefined);
  assert.equal(employees.length, 5);
  assert.equal(employees.filter((person) => person.employee?.groups.length === 0).length, 1);
});

test('people: a changed file acts on the next sign-in; a bad entry is named by line and left out, without its pid', async () => {
  const file = join(world.stateDir, 'people.yaml');
  const text = await readFile(file, 'utf8');
  await writeFile(file, `${text}- pid: "01019012345"\n  name: {given: Ekte, family: Person}\n`);
  world.events.length = 0;
  assert.equal(world.idp.people.all().length, 12);
  const skipped = world.events.find((event) => event.event === 'idp.person_skipped');
  assert.ok(skipped?.event === 'idp.person_skipped');
  assert.equal(skipped.line, text.split('\n').length);
  assert.doesNotMatch(skipped.problem, /\d{11}/);
  assert.equal(world.idp.people.find('01019012345'), undefined);
});

function told(text: string): readonly string[] {
  return parsePeople(text).skipped.map(({ line, problem }) => `${line} ${problem}`);
}

test('people: whatever is no person is named by its own line, and a file that is no list is not taken for an empty one', () => {
  assert.deepEqual(told('pid: "01819090285"'), ['1 not a list of people']);
  assert.deepEqual(told('- [\n'), ['2 not readable as YAML: bad indent']);
  assert.deepEqual(told(''), []);
  assert.deepEqual(told('\n- somebody\n-\n'), [
    '2 entry: Invalid input: expected object, received string',
    '3 entry: Invalid input: expected object, received null',
  ]);
});

test('people: parsing never throws, whatever the file holds', () => {
  check(property(string(), (text) => void parsePeople(text)));
});
