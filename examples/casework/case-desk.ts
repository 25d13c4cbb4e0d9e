import { fromEnv, requireUser } from '@fullmakt/sdk';
import { tokensFromEnv } from '@fullmakt/sdk/tokens';
import { type Chain, callNext, hopOf } from '../kit/chain.ts';
import { entraScope, urlOf } from '../kit/neighbours.ts';
import { chainPage } from '../kit/page.ts';
import { notGiven, refuse } from '../kit/refusal.ts';
import { type Answer, serve } from '../kit/serve.ts';
import type { IncomingMessage } from 'node:http';

const auth = fromEnv({ explain: true });
const tokens = tokensFromEnv();
const employee = requireUser('entra_id');

/** Trades the employee's token for one to register-api (Entra On-Behalf-Of), and calls it. */
async function askRegister(request: IncomingMessage): Promise<Answer | Chain> {
  const login = await auth.authenticate(request, employee);
  if (!login.ok) return refuse('case-desk', login.error);
  const hop = hopOf('case-desk', login.principal, 'the browser');
  const target = entraScope('registry', 'register-api');
  const exchanged = await tokens.onBehalfOf({ provider: 'entra_id', user: login.principal, target });
  if (!exchanged.ok) return notGiven('Entra ID', exchanged.error, hop);
  const url = `${urlOf('registry', 'register-api')}/register`;
  return callNext({ service: 'register-api', url, token: exchanged.token.reveal(), hop });
}

serve({
  '/': async (request) => {
    const chain = await askRegister(request);
    if ('status' in chain) return chain;
    const says = 'The employee stays the same person (oid); the token is made for the register (On-Behalf-Of).';
    return chainPage('Case desk', { '/': 'Cases', '/oauth2/logout': 'Sign out' }, [
      { heading: 'Look-up', says, chain },
    ]);
  },
});
