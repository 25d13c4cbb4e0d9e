import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { assert as check, constantFrom, property, record, subarray } from 'fast-check';
import { isMap, isSeq, parse, parseDocument, stringify } from 'yaml';
import { readManifestFolder } from '../../src/cli/manifest-folder.ts';
import { exchangeSettings } from '../../src/exchange/config.ts';
import { explain } from '../../src/exchange/operators/explanation.ts';
import type { Explanation, ExplainQuestion } from '../../src/exchange/operators/explanation.ts';
import { issuerRow } from '../../src/exchange/subject/issuer-rows.ts';
import { createSubjectIssuers } from '../../src/exchange/subject/subject-issuers.ts';
import { silent } from '../../src/observe/events.ts';
import type { Fix } from '../../src/registry/decision.ts';
import { createMemoryRegistry } from '../../src/registry/registry.ts';
import { readSettings } from '../../src/settings.ts';

const ISSUER = 'https://tx.example.test';
const IDP = 'https://idp.example.test';
const read = readSettings(exchangeSettings, { FULLMAKT_EXCHANGE_ISSUER: ISSUER });
assert.ok(read.ok);
const config = read.settings;
const issuers = createSubjectIssuers({
  registry: createMemoryRegistry({
    now: () => 0,
    initial: {
      version: 0,
      wildcardGrants: 'network-only',
      apps: [],
      clients: [],
      grants: [],
      scopes: [],
      issuers: [issuerRow({ name: 'idporten', issuer: IDP, jwks: { keys: [] }, bind: 'any' })],
    },
  }),
  ownIssuer: ISSUER,
  ownKeys: () => [],
  fetch,
  now: () => 0,
  emit: silent,
});

/** The changes that a chain of fixes can take at most: TokenX on at both ends, a rule, a grant, an issuer, scopes. */
const MOST_FIXES = 6;

interface Manifests {
  readonly dir: string;
  readonly explain: (question: ExplainQuestion) => Explanation;
  readonly apply: (fix: Fix) => void;
}

/** A folder of manifests, explained as the registrar reads it. */
function manifests(t: TestContext, specs: Readonly<Record<string, object>>): Manifests {
  const cwd = mkdtempSync(join(tmpdir(), 'explain-fix-'));
  t.after(() => rmSync(cwd, { recursive: true }));
  const dir = join(cwd, 'apps');
  for (const [place, spec] of Object.entries(specs)) {
    const [namespace = '', name = ''] = place.split('/');
    mkdirSync(join(dir, namespace), { recursive: true });
    const metadata = { name, namespace };
    const manifest = { apiVersion: 'fullmakt.dev/v1', kind: 'Application', metadata, spec };
    writeFileSync(join(dir, `${place}.yaml`), stringify(manifest));
  }
  return {
    dir,
    explain(question) {
      const { snapshot, problems } = readManifestFolder(dir, cwd);
      assert.deepEqual(
        problems.filter(({ type }) => type === 'Error'),
        [],
      );
      return explain(question, { config, issuers, snapshot });
    },
    apply: (fix) => applyFix(cwd, fix),
  };
}

/** Does to the file what the fix says, as a person would: the lines under the path, beside what stands there. */
function applyFix(cwd: string, { app, path, add, file }: Fix): void {
  const [, namespace, name] = app.split(':');
  const place = file ?? `apps/${namespace}/${name}.yaml`;
  assert.equal(place, `apps/${namespace}/${name}.yaml`);
  const document = parseDocument(readFileSync(join(cwd, place), 'utf8'));
  const steps = path.split(/[.[\]]/).flatMap((step) => (step === '' ? [] : [/^\d+$/.test(step) ? Number(step) : step]));
  const added: unknown = parse(add);
  const present = document.getIn(steps);
  if (Array.isArray(added)) {
    const before: readonly unknown[] = isSeq(present) ? present.toJSON() : [];
    document.setIn(steps, document.createNode([...before, ...added]));
  } else {
    const before: object = isMap(present) ? present.toJSON() : {};
    document.setIn(steps, document.createNode(Object.assign(before, added)));
  }
  writeFileSync(join(cwd, place), document.toString());
}

const rules = subarray([
  { application: 'store' },
  { application: '*' },
  { application: 'web', namespace: 'front', permissions: { scopes: ['read'] } },
  { application: 'somebody' },
]);
const tokenx = constantFrom(
  undefined,
  { enabled: true },
  { enabled: true, subjectIssuers: ['other'] },
  { enabled: true, grantTypes: ['token-exchange'] },
  { enabled: true, subjectIssuers: ['idporten'], grantTypes: ['client_credentials'] },
);
const spec = record({ tokenx, inbound: rules }).map(({ tokenx: settings, inbound }) => ({
  ...(settings === undefined ? {} : { tokenx: settings }),
  ...(inbound.length === 0 ? {} : { accessPolicy: { inbound: { rules: inbound } } }),
}));
const apps = constantFrom('local:front:web', 'local:back:api', 'local:back:store');
const questions = record<ExplainQuestion>({
  caller: apps,
  target: apps,
  subjectIssuer: constantFrom(undefined, IDP),
  scope: constantFrom(undefined, 'read', 'read write', 'app/all true 1.5'),
  grant: constantFrom('token-exchange', 'client_credentials'),
});
const worlds = record({ 'front/web': spec, 'back/api': spec, 'back/store': spec });

test('X14, V5: every fix brings the question further, until what was refused is allowed', (t) => {
  check(
    property(worlds, questions, (specs, question) => {
      const folder = manifests(t, specs);
      const seen: string[] = [];
      let answer = folder.explain(question);
      while (answer.decision === 'deny') {
        assert.ok(answer.fix !== undefined, `${answer.reason} has no fix, after ${seen.join('; ')}`);
        seen.push(`${answer.reason}: ${answer.fix.add} under ${answer.fix.path} of ${answer.fix.app}`);
        assert.ok(seen.length <= MOST_FIXES && new Set(seen).size === seen.length, seen.join('; '));
        folder.apply(answer.fix);
        answer = folder.explain(question);
      }
    }),
    { numRuns: 60 },
  );
});

test('V5: a fix names the file and the line where its path, or what stands closest above it, begins', (t) => {
  const folder = manifests(t, {
    'front/web': { tokenx: { enabled: true } },
    'back/api': { tokenx: { enabled: true }, accessPolicy: { inbound: { rules: [{ application: 'store' }] } } },
  });
  const question = { caller: 'local:front:web', target: 'local:back:api', grant: 'token-exchange' } as const;
  const { fix } = folder.explain(question);
  assert.equal(fix?.add, '- {application: web, namespace: front}');
  assert.equal(fix?.file, 'apps/back/api.yaml');
  const line = readFileSync(join(folder.dir, 'back/api.yaml'), 'utf8').split('\n')[(fix?.line ?? 0) - 1];
  assert.match(line ?? '', /rules:|application: store/);
});
