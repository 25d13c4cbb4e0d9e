import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';

/** The version of this package, in a checkout as in an installation. */
export function readVersion(): string {
  const file = findPackageJSON(import.meta.url);
  const manifest: { version?: string } = file === undefined ? {} : JSON.parse(readFileSync(file, 'utf8'));
  return manifest.version ?? 'unknown';
}
