import type { TestContext } from 'node:test';
import { startProvider, startSidecar, testEnv } from './sidecar.ts';
import type { FakeProvider, TestKeys, TestSidecar } from './sidecar.ts';

/** What the standard endpoints say. */
interface StandardAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed object; empty where there is none. */
  readonly body: Record<string, unknown>;
}

/** A sidecar whose standard endpoints are asked. */
export interface StandardWorld {
  readonly provider: FakeProvider;
  readonly sidecar: TestSidecar;
  /** POST of a form. */
  readonly ask: (
    path: string,
    form: Record<string, string> | string,
    headers?: Record<string, string>,
  ) => Promise<StandardAnswer>;
  readonly get: (path: string, headers?: Record<string, string>) => Promise<StandardAnswer>;
}

/** Starts one with every provider on; it ends with the test. */
export async function startStandard(
  t: TestContext,
  keys: TestKeys,
  changes: Record<string, string> = {},
): Promise<StandardWorld> {
  const provider = await startProvider(t, keys);
  const sidecar = await startSidecar(t, { ...testEnv(provider.origin, keys), ...changes });
  const ask: StandardWorld['ask'] = async (path, form, headers) => {
    const type = 'application/x-www-form-urlencoded;charset=UTF-8';
    const body = typeof form === 'string' ? form : new URLSearchParams(form).toString();
    const init = { method: 'POST', headers: { 'content-type': type, ...headers }, body };
    return await read(await fetch(sidecar.origin + path, init));
  };
  return {
    provider,
    sidecar,
    ask,
    get: async (path, headers = {}) => await read(await fetch(sidecar.origin + path, { headers })),
  };
}

async function read(response: Response): Promise<StandardAnswer> {
  const text = await response.text();
  const body: Record<string, unknown> = text === '' ? {} : JSON.parse(text);
  return { status: response.status, headers: response.headers, text, body };
}
