import { fromEnv, type IdportenUser, requireUser } from '@fullmakt/sdk';
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

/** Trades the citizen's ID-porten token for one to permit-api (TokenX), and calls `service` with that. */
async function call(user: IdportenUser, service: string, url: string): Promise<Chain> {
  const hop = hopOf('citizen-portal', user, 'the browser');
  const given = await tokens.onBehalfOf({ provider: 'tokenx', user, target: appId('permits', 'permit-api') });
  if (!given.ok) return notGiven('TokenX', given.error, hop);
  return callNext({ service, url, token: given.token.reveal(), hop });
}

const links = {
  '/': 'My permits',
  '/sign': 'Sign a permit (wants a higher level)',
  '/shortcut': 'The wrong token, on purpose',
  '/oauth2/logout': 'Sign out',
};

async function page(request: IncomingMessage, says: string, service: string, url: string): Promise<Answer> {
  const login = await auth.authenticate(request, citizen);
  if (!login.ok) return refuse('citizen-portal', login.error);
  const chain = await call(login.principal, service, url);
  return chainPage('Citizen portal', links, [{ heading: 'Your request', says, chain }]);
}

const permitApi = urlOf('permits', 'permit-api');
const registerApi = urlOf('registry', 'register-api');

serve({
  '/': (request) =>
    page(
      request,
      'Each service got a token of its own; the citizen stays the same.',
      'permit-api',
      `${permitApi}/permits`,
    ),
  '/sign': (request) =>
    page(request, 'permit-api wants the level idporten-loa-high for this one.', 'permit-api', `${permitApi}/sign`),
  '/shortcut': (request) =>
    page(
      request,
      'The token for permit-api, sent to register-api as it is.',
      'register-api',
      `${registerApi}/register`,
    ),
});
