import assert from 'node:assert/strict';
import test from 'node:test';
import { readLoginConfig } from '../config.ts';
import type { Alias, Variables } from '../testing/wonderwall-aliases.ts';
import { ALIASES, LEAST } from '../testing/wonderwall-aliases.ts';
import { loginSettings } from './table.ts';

interface Read {
  readonly effective: Readonly<Record<string, unknown>>;
  readonly config: unknown;
  readonly warnings: readonly string[];
}

function accepted(env: Variables): Read {
  const read = readLoginConfig(env);
  assert.ok(read.ok, read.ok ? '' : read.problems.join('\n'));
  return read;
}

function problemsOf(env: Variables): readonly string[] {
  const read = readLoginConfig(env);
  return read.ok ? [] : read.problems;
}

const isAbout = (line: string, { name, canonical }: Alias): boolean => line.includes(canonical) || line.includes(name);

for (const alias of ALIASES) {
  const { name, value, canonical, ours = value, wrong, differs = wrong ?? `${value}-other`, with: more = {} } = alias;
  const { [canonical]: _least, ...least }: Variables = LEAST;
  const { [canonical]: _more, ...rest }: Variables = { ...least, ...more };
  const pure = Object.fromEntries(Object.entries(rest).filter(([variable]) => !variable.startsWith('WONDERWALL_')));
  const expected = (): Read => accepted({ ...pure, [canonical]: ours });

  test(`A22 ${name} alone sets what ${canonical} sets`, () => {
    const read = accepted({ ...rest, [name]: value });
    assert.deepEqual(read.effective, expected().effective);
    assert.deepEqual(read.config, expected().config);
    assert.doesNotMatch(read.warnings.join('\n'), /ignored/);
  });

  test(`A22 ${canonical} wins over ${name}, and that they differ is said`, () => {
    const same = accepted({ ...rest, [name]: value, [canonical]: ours });
    assert.deepEqual(same.effective, expected().effective);
    const read = accepted({ ...rest, [name]: differs, [canonical]: ours });
    assert.deepEqual(read.effective, expected().effective);
    assert.ok(
      read.warnings.some((line) => line.includes('says something else') && isAbout(line, alias)),
      read.warnings.join('\n'),
    );
  });

  if (wrong !== undefined)
    test(`A22 ${name} with a wrong value is named`, () => {
      const problems = problemsOf({ ...rest, [name]: wrong });
      assert.ok(
        problems.some((line) => isAbout(line, alias)),
        problems.join('\n'),
      );
    });
}

test('A22 every variable of Wonderwall that the table reads is tried above', () => {
  const known = Object.values(loginSettings).flatMap(({ aliases = [] }) => aliases);
  const missing = known.filter(
    (name) => name.startsWith('WONDERWALL_') && !ALIASES.some((alias) => alias.name === name),
  );
  assert.deepEqual(missing, []);
});

test('A22 WONDERWALL_UPSTREAM_IP and _PORT go together; WONDERWALL_PPROF_ENABLED is taken without effect', () => {
  const parts = { WONDERWALL_UPSTREAM_HOST: 'x:1', WONDERWALL_UPSTREAM_IP: 'fd00::1', WONDERWALL_UPSTREAM_PORT: '80' };
  const read = accepted({ ...LEAST, ...parts, WONDERWALL_PPROF_ENABLED: 'true' });
  assert.equal(read.effective['upstream'], 'http://[fd00::1]:80');
  assert.deepEqual(read.warnings, []);
  for (const wrong of [
    { WONDERWALL_UPSTREAM_IP: '10.0.0.1' },
    { WONDERWALL_UPSTREAM_PORT: '80' },
    { WONDERWALL_UPSTREAM_IP: '10.0.0.1', WONDERWALL_UPSTREAM_PORT: '70000' },
  ])
    assert.match(problemsOf({ ...LEAST, ...wrong }).join(), /WONDERWALL_UPSTREAM_IP and WONDERWALL_UPSTREAM_PORT/);
});

test('A22 an unknown variable of ours refuses the start, one of Wonderwall’s is named and ignored', () => {
  const { warnings } = accepted({ ...LEAST, WONDERWALL_OPENID_LOCALE: 'nb' });
  assert.match(warnings.join(), /WONDERWALL_OPENID_LOCALE has no meaning here/);
  assert.match(problemsOf({ ...LEAST, FULLMAKT_LOGIN_OPENID_LOCALE: 'nb' }).join(), /OPENID_LOCALE is not a setting/);
});
