import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { generatePrivateJwk } from '../../src/oauth/jwk.ts';
import type { PrivateJwk } from '../../src/oauth/jwk.ts';
import { manualTimers, mountVariables, temporaryFolder } from '../../src/sidecar/testing/folders.ts';
import type { ManualTimers } from '../../src/sidecar/testing/folders.ts';
import { makeKeys, startProvider, startSidecar, testEnv } from '../../src/sidecar/testing/sidecar.ts';
import type { FakeProvider, TestKeys, TestSidecar } from '../../src/sidecar/testing/sidecar.ts';

/** Of the provider and of the client as it starts. */
export const keys: TestKeys = await makeKeys();
/** What the client signs with after a change. */
export const next: PrivateJwk = await generatePrivateJwk('ES256', 'next-key');
/** How often folders are read though nothing was noticed, milliseconds. */
export const POLL_MS = 30_000;
/** How long nothing may change before what was noticed is read, milliseconds. */
export const QUIET_MS = 250;
/** What the application asks for itself. */
export const MACHINE: Readonly<Record<string, string>> = { identity_provider: 'entra_id', target: 'local:fleet:api' };

/** A sidecar, the provider it asks, and the folder its credentials are in. */
export interface Stage {
  readonly folder: string;
  readonly provider: FakeProvider;
  readonly sidecar: TestSidecar;
  readonly timers: ManualTimers;
  /** What the folder says; the rest is in the environment. */
  readonly client: Readonly<Record<string, string>>;
}

/** A sidecar whose client at Entra ID is in a mounted folder and whose other providers are in the environment. */
export async function openStage(
  t: TestContext,
  write: (folder: string, variables: Readonly<Record<string, string>>) => Promise<void> = mountVariables,
): Promise<Stage> {
  const folder = join(temporaryFolder(t), 'secrets');
  const provider = await startProvider(t, keys);
  const { AZURE_APP_JWK = '', AZURE_APP_CLIENT_ID = '', ...rest } = testEnv(provider.origin, keys);
  const client = { AZURE_APP_JWK, AZURE_APP_CLIENT_ID };
  await write(folder, client);
  const timers = manualTimers();
  const env = { ...rest, FULLMAKT_SIDECAR_SECRET_DIRS: folder, PROBE_BIND_ADDRESS: '127.0.0.1:0' };
  const sidecar = await startSidecar(t, env, timers);
  return { folder, provider, sidecar, timers, client };
}

/** A token that it is given; anything else fails the test. */
export async function tokenOf(sidecar: TestSidecar, more: object = {}): Promise<string> {
  const response = await sidecar.post('/token', { ...MACHINE, ...more });
  const answer: Record<string, string> = JSON.parse(await response.text());
  const { access_token: token = '', error_description: fault = '' } = answer;
  assert.equal(response.status, 200, fault);
  return token;
}

/** The header or the claims of the assertion that a form carries. */
export function part(form: URLSearchParams | undefined, at: 0 | 1): Record<string, unknown> {
  const segment = form?.get('client_assertion')?.split('.')[at] ?? '';
  const said: Record<string, unknown> = JSON.parse(Buffer.from(segment, 'base64url').toString());
  return said;
}

/** What GET /readyz says, and of reading again. */
export async function readiness(sidecar: TestSidecar): Promise<{ status: number; reload: Record<string, unknown> }> {
  const response = await fetch(`${sidecar.probes}/readyz`);
  const { reload }: { reload: Record<string, unknown> } = JSON.parse(await response.text());
  return { status: response.status, reload };
}

/** How each reading went that was told of. */
export const reloads = ({ events }: TestSidecar): readonly string[] =>
  events.flatMap((event) => (event.event === 'sidecar.reload' ? [event.outcome] : []));

/** The text of a key as it stands in a file. */
export const jwk = (key: PrivateJwk): string => JSON.stringify(key);
