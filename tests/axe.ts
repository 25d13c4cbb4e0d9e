import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';

/** Where axe-core lies: it is no dependency of ours, for its licence is the MPL. */
const path = [
  join(process.env['FULLMAKT_AXE'] ?? '', 'axe.min.js'),
  join(import.meta.dirname, '../.tools/node_modules/axe-core/axe.min.js'),
].find((candidate) => candidate !== 'axe.min.js' && existsSync(candidate));

/** Why pages cannot be judged here; false when they can. In CI they always must. */
export const noAxe: string | false =
  path === undefined && process.env['CI'] === undefined
    ? 'axe-core is not there (npm install --no-save --prefix .tools axe-core)'
    : false;

interface Violation {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly html: string }[];
}

/** Fails when axe finds a serious or critical barrier on the page, but for the rules named. */
export async function assertAccessible(page: Page, except: readonly string[] = []): Promise<void> {
  assert.ok(path !== undefined, 'axe-core is not there');
  // Evaluated by the debugger, so that the page's own policy stays as it is.
  await page.evaluate(readFileSync(path, 'utf8'));
  const { violations } = await page.evaluate<{ violations: readonly Violation[] }>(
    'axe.run(document, { resultTypes: ["violations"] })',
  );
  const grave = violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .filter(({ id }) => !except.includes(id));
  assert.deepEqual(
    grave.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]),
    [],
    page.url(),
  );
}
