import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Client, type QueryResultRow } from 'pg';
import { type AuditFileOptions, createAuditFile } from '../../src/observe/audit-file.ts';
import { openPostgresAudit } from '../../src/observe/audit-postgres.ts';
import type { AuditPlace } from './audit.ts';

/** A file in a folder of its own. */
export function filePlace(t: TestContext, options: AuditFileOptions): AuditPlace & { readonly path: string } {
  const folder = mkdtempSync(join(tmpdir(), 'fullmakt-audit-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'audit.jsonl');
  return { path, open: () => createAuditFile(path, options), lines: () => linesOf(path) };
}

/** Every line of a file, the last one too if it was cut short. */
export function linesOf(path: string): readonly string[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
}

/** The table of a database. */
export function postgresPlace(url: string): AuditPlace & { readonly url: string } {
  return {
    url,
    open: () => openPostgresAudit({ url }),
    lines: async () =>
      (await sql<{ readonly line: string }>(url, 'SELECT line FROM audit_log ORDER BY id')).map(({ line }) => line),
  };
}

/** The rows of one statement, asked on a connection of its own. */
export async function sql<Row extends QueryResultRow>(url: string, statement: string): Promise<readonly Row[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(statement)).rows;
  } finally {
    await client.end();
  }
}
