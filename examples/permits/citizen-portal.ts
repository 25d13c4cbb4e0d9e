import { fromEnv, requireUser } from '@fullmakt/sdk';
import { tokensFromEnv } from '@fullmakt/sdk/tokens';
import { type Chain, callNext, hopOf } from '../kit/chain.ts';
import { appId, urlOf } from '../kit/neighbours.ts';
import { chainPage } from '../kit/page.ts';
import { notGiven, refuse } from '../kit/refusal.ts';
import { type Answer, serve } from '../kit/serve.ts';
import type { IncomingMessage } from 'node:http';

const auth = fromEnv({ explain: true });
const tokens = tokensFromEnv();
const citizen = requireUser('idporten');

/** Trades the citizen's ID-porten token for one to permit-api (TokenX), and calls it. */
async function askPermitApi(request: IncomingMessage, path: string): Promise<Answer | Chain> {
  const login = await auth.authenticate(request, citizen);
  if (!login.ok) return refuse('citizen-portal', login.error);
  const hop = hopOf('citizen-portal', login.principal);
  const target = appId('permits', 'permit-api');
  const exchanged = await tokens.onBehalfOf({ provider: 'tokenx', user: login.principal, target });
  if (!exchanged.ok) return notGiven('TokenX', exchanged.error, hop);
  const url = `${urlOf('permits', 'permit-api')}${path}`;
  return callNext({ service: 'permit-api', url, token: exchanged.token.reveal(), hop });
}

const links = { '/': 'My permits', '/sign': 'Sign a permit (asks for a higher level)', '/oauth2/logout': 'Sign out' };

async function page(request: IncomingMessage, path: string, says: string): Promise<Answer> {
  const result = await askPermitApi(request, path);
  return 'status' in result
    ? result
    : chainPage('Citizen portal', links, [{ heading: 'Your request', says, chain: result }]);
}

serve({
  '/': (request) => page(request, '/permits', 'Every service got a token of its own. The citizen stays the same.'),
  '/sign': (request) => page(request, '/sign', 'permit-api wants the level idporten-loa-high for this one.'),
});
