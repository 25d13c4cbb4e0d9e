import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { CaseRequest } from './case.ts';
import type { World } from './implementation.ts';
import { sendRequest } from './send.ts';

/** As long as a breaker may take to close again. */
export const SETTLE_MILLISECONDS = 40_000;

/** After a case in a world that others share: every provider is well again, and the sidecar has noticed. Throws AssertionError if it does not. */
export async function settle({ base, provider }: World, milliseconds: number = SETTLE_MILLISECONDS): Promise<void> {
  provider.begin({});
  const deadline = performance.now() + milliseconds;
  for (const request of requests()) {
    while ((await sendRequest(base, request)).status !== 200) {
      assert.ok(performance.now() < deadline, `${request.path} does not recover from what the case before did`);
      await pause(50);
    }
  }
}

function requests(): readonly CaseRequest[] {
  const target = `settle-${randomBytes(6).toString('hex')}`;
  const asked = [
    ['/api/v1/token', 'entra_id'],
    ['/api/v1/token', 'maskinporten'],
    ['/api/v1/token/exchange', 'tokenx'],
  ] as const;
  return asked.map(([path, provider]) => ({
    method: 'POST',
    path,
    headers: [],
    json: { identity_provider: provider, target, user_token: 'u' },
    viaFetch: false,
  }));
}
