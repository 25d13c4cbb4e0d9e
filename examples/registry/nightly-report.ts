import { tokensFromEnv } from '@fullmakt/sdk/tokens';
import { type Chain, callNext } from '../kit/chain.ts';
import { entraScope, urlOf } from '../kit/neighbours.ts';
import { chainPage } from '../kit/page.ts';
import { notGiven } from '../kit/refusal.ts';
import { serve } from '../kit/serve.ts';

const tokens = tokensFromEnv();
const everyMilliseconds = 15_000;

/** One run: a token of our own (Entra client credentials), and the register with it. */
async function report(): Promise<Chain> {
  const own = await tokens.machine({ provider: 'entra_id', target: entraScope('registry', 'register-api') });
  if (!own.ok) return notGiven('Entra ID', own.error);
  return callNext({
    service: 'register-api',
    url: `${urlOf('registry', 'register-api')}/register`,
    token: own.token.reveal(),
  });
}

let latest: { readonly at: string; readonly chain: Chain } | undefined;

async function run(): Promise<void> {
  try {
    latest = { at: new Date().toISOString(), chain: await report() };
  } catch (error) {
    console.error(`nightly-report: ${String(error)}; tried again in ${everyMilliseconds / 1000} s`);
  }
}

setInterval(() => void run(), everyMilliseconds).unref();
setTimeout(() => void run(), 1000).unref();

serve({
  '/': async () => {
    if (latest === undefined) await run();
    const says = `Runs every ${everyMilliseconds / 1000} seconds; last at ${latest?.at ?? '-'}.`;
    return chainPage('Nightly report', {}, [{ heading: 'No user here', says, chain: latest?.chain ?? { hops: [] } }]);
  },
});
