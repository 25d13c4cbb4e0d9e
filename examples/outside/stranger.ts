import { fromEnv, requireUser } from '@fullmakt/sdk';
import { tokensFromEnv } from '@fullmakt/sdk/tokens';
import { type Chain, callNext, hopOf } from '../kit/chain.ts';
import { appId, entraScope, urlOf } from '../kit/neighbours.ts';
import { chainPage } from '../kit/page.ts';
import { notGiven, refuse } from '../kit/refusal.ts';
import { serve } from '../kit/serve.ts';
import type { IdportenUser } from '@fullmakt/sdk';

const auth = fromEnv({ explain: true });
const tokens = tokensFromEnv();
const citizen = requireUser('idporten');
const register = `${urlOf('registry', 'register-api')}/register`;

/** TokenX: register-api has no inbound rule for this app. */
async function exchange(user: IdportenUser): Promise<Chain> {
  const given = await tokens.onBehalfOf({ provider: 'tokenx', user, target: appId('registry', 'register-api') });
  if (!given.ok) return notGiven('TokenX', given.error, hopOf('stranger', user, 'the browser'));
  return callNext({ service: 'register-api', url: register, token: given.token.reveal() });
}

/** Entra ID: the same missing rule, seen by client credentials. */
async function machine(): Promise<Chain> {
  const given = await tokens.machine({ provider: 'entra_id', target: entraScope('registry', 'register-api') });
  if (!given.ok) return notGiven('Entra ID', given.error);
  return callNext({ service: 'register-api', url: register, token: given.token.reveal() });
}

serve({
  '/': async (request) => {
    const login = await auth.authenticate(request, citizen);
    if (!login.ok) return refuse('stranger', login.error);
    const [exchanged, own] = await Promise.all([exchange(login.principal), machine()]);
    return chainPage('Stranger', { '/': 'Try again', '/oauth2/logout': 'Sign out' }, [
      { heading: 'On behalf of the citizen', says: 'Not in the access policy of register-api.', chain: exchanged },
      { heading: 'As itself', says: 'Not in the access policy, for a machine either.', chain: own },
    ]);
  },
});
