import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Registry } from '../../registry/registry.ts';
import { createSubjectIssuers } from '../subject/subject-issuers.ts';
import type { SubjectIssuers } from '../subject/subject-issuers.ts';

/** The trusted issuers of a registry, closed after the test. Their keys are in their rows: nothing is fetched. */
export function openSubjectIssuers(
  t: TestContext,
  { registry, now }: { readonly registry: Registry; readonly now: () => number },
): SubjectIssuers {
  const found = createSubjectIssuers({
    registry,
    ownIssuer: 'https://tx.example.test',
    ownKeys: () => [],
    fetch: () => assert.fail('nothing is fetched'),
    now,
    emit: () => {},
  });
  t.after(() => found.close());
  return found;
}
