import { allOf, fromEnv, type Guard, requireAcr, requireCaller, requireUser, type TokenxUser } from '@fullmakt/sdk';
import { tokensFromEnv } from '@fullmakt/sdk/tokens';
import { callNext, hopOf } from '../kit/chain.ts';
import { appId, urlOf } from '../kit/neighbours.ts';
import { notGiven, refuse } from '../kit/refusal.ts';
import { type Answer, serve } from '../kit/serve.ts';
import type { IncomingMessage } from 'node:http';

const auth = fromEnv({ explain: true });
const tokens = tokensFromEnv();
const reader = allOf(requireUser('tokenx'), requireCaller(), requireAcr('substantial'));
const signer = allOf(requireUser('tokenx'), requireCaller(), requireAcr('high'));

/** Judges the token, trades it for one to register-api, and answers with the chain so far. */
async function answer(request: IncomingMessage, guard: Guard<TokenxUser>): Promise<Answer> {
  const call = await auth.authenticate(request, guard);
  if (!call.ok) return refuse('permit-api', call.error);
  const hop = hopOf('permit-api', call.principal);
  const target = appId('registry', 'register-api');
  const exchanged = await tokens.onBehalfOf({ provider: 'tokenx', user: call.principal, target });
  if (!exchanged.ok) return { status: 200, json: notGiven('TokenX', exchanged.error, hop) };
  const url = `${urlOf('registry', 'register-api')}/register`;
  return { status: 200, json: await callNext({ service: 'register-api', url, token: exchanged.token.reveal(), hop }) };
}

serve({
  '/permits': (request) => answer(request, reader),
  '/sign': (request) => answer(request, signer),
});
