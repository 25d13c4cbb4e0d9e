import { tokensFromEnv } from '@fullmakt/sdk/tokens';
import { type Chain, callNext } from '../kit/chain.ts';
import { urlOf } from '../kit/neighbours.ts';
import { chainPage } from '../kit/page.ts';
import { notGiven } from '../kit/refusal.ts';
import { serve } from '../kit/serve.ts';

const tokens = tokensFromEnv();

/** A Maskinporten token for the other organisation's scope, and its register with it. */
async function fetchFeed(): Promise<Chain> {
  const own = await tokens.machine({ provider: 'maskinporten', target: 'example:register:read' });
  if (!own.ok) return notGiven('Maskinporten', own.error);
  return callNext({
    service: 'register-api',
    url: `${urlOf('registry', 'register-api')}/register`,
    token: own.token.reveal(),
  });
}

serve({
  '/': async () => {
    const says = 'One organisation calls another: the register sees our organisation number, and no user.';
    return chainPage('Partner feed', { '/': 'Fetch again' }, [{ heading: 'Feed', says, chain: await fetchFeed() }]);
  },
});
