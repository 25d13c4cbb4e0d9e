import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { appId } from './app-id.ts';
import type { Grant } from './model.ts';
import { createMemoryRegistry } from './registry.ts';
import { targetGrants } from './target-grants.ts';

const TARGET = appId('dev', 'team', 'api');
const part = fc.constantFrom('a', 'b', 'c');
const consumer = fc.record({ cluster: fc.constantFrom('dev', 'prod'), namespace: part, name: part });
const rule = fc.record({
  cluster: fc.constantFrom('dev', 'prod'),
  namespace: fc.oneof(part, fc.constant('*')),
  name: fc.oneof(part, fc.constant('*')),
  scopes: fc.uniqueArray(fc.constantFrom('read', 'write', 'delete')),
});
const rules = fc.array(rule, { maxLength: 12 }).map((list) =>
  list.map(({ scopes, ...each }, index): Grant => {
    const position = { file: 'x.yaml', line: index + 1, column: 1, path: `spec.accessPolicy.inbound.rules[${index}]` };
    return { target: TARGET, consumer: each, roles: [], scopes, position };
  }),
);

test('the index of a target finds what a look at every rule finds, in the order of the rules', () => {
  fc.assert(
    fc.property(rules, consumer, (list, { cluster, namespace, name }) => {
      const isExact = (grant: Grant): boolean => grant.consumer.namespace === namespace && grant.consumer.name === name;
      const fitting = list.filter(
        (grant) =>
          grant.consumer.cluster === cluster &&
          fits(grant.consumer.namespace, namespace) &&
          fits(grant.consumer.name, name),
      );
      assert.deepEqual(targetGrants(list).between(`${cluster}:${namespace}:${name}`), {
        exact: fitting.filter(isExact),
        patterns: fitting.filter((grant) => !isExact(grant)),
      });
      assert.deepEqual([...targetGrants(list).scopes()], [...new Set(list.flatMap(({ scopes }) => scopes))]);
    }),
  );
});

test('a snapshot keeps its index when the rules of its target change', () =>
  fc.assert(
    fc.asyncProperty(rules, rules, consumer, async (before, after, { cluster, namespace, name }) => {
      const registry = createMemoryRegistry({ now: () => 0 });
      const id = appId(cluster, namespace, name);
      await registry.commit(0, { replaceGrants: [{ target: TARGET, grants: before }] });
      const old = registry.snapshot();
      await registry.commit(1, { replaceGrants: [{ target: TARGET, grants: after }] });
      for (const [snapshot, list] of [
        [old, before],
        [registry.snapshot(), after],
      ] as const) {
        assert.deepEqual(snapshot.grantsBetween(id, TARGET), targetGrants(list).between(id));
        assert.deepEqual(snapshot.declaredScopes(TARGET), targetGrants(list).scopes());
      }
      assert.deepEqual(registry.snapshot().grantsBetween(TARGET, id), { exact: [], patterns: [] });
    }),
    { numRuns: 50 },
  ));

function fits(pattern: string, text: string): boolean {
  return pattern === '*' || pattern === text;
}
