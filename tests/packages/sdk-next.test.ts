import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createTestIssuer } from '../../src/sdk/testing.ts';
import { assertProtected } from './protected.ts';
import { install, packSdk, start } from './scratch.ts';

/* The packed library in an application on Next.js, built and started as its users do. */

const next = join(import.meta.dirname, '../../.tools/next');
const skip: string | false =
  existsSync(join(next, 'node_modules/next')) || process.env['CI'] !== undefined
    ? false
    : 'Next.js is not there (npm install --no-save --omit=optional --prefix .tools/next next react react-dom)';

test('an application on Next.js protects route handlers and server components', { skip }, async (t) => {
  const issuer = await createTestIssuer({ listen: true });
  after(() => issuer.close());
  const scratch = install(packSdk(), next);
  const cwd = scratch.copied('next');
  scratch.compile('next-route', { bundler: true });
  const env = { ...issuer.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' };
  const program = join(next, 'node_modules/next/dist/bin/next');
  const build = { cwd, env: { PATH: process.env['PATH'], ...env }, stdio: 'pipe' } as const;
  execFileSync(process.execPath, [program, 'build'], build);

  const args = [program, 'start', '--port', '0', '--hostname', '127.0.0.1'];
  const { origin } = await start(t, args, { env, cwd, program: process.execPath });
  await assertProtected(origin, issuer);

  const page = (token: string): Promise<Response> =>
    fetch(`${origin}/who`, { headers: { authorization: `Bearer ${token}` } });
  assert.match(await (await page(issuer.mint('tokenx'))).text(), /signed in as \d{11}/);
  const refused = await page(issuer.mint('entra-machine'));
  assert.equal(refused.status, 500);
  assert.doesNotMatch(await refused.text(), /signed in as/);
});
