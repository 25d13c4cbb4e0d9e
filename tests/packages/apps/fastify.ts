import Fastify from 'fastify';
import { allOf, fromEnv, requireAcr, requireCaller, requireUser } from '@fullmakt/sdk';
import { fullmakt, principalOf } from '@fullmakt/sdk/fastify';
import { tokensFromEnv } from '@fullmakt/sdk/tokens';

const auth = fromEnv();
const tokens = tokensFromEnv({ via: 'direct' });
const citizen = allOf(requireUser('tokenx'), requireAcr('high'), requireCaller());

const app = Fastify();
await app.register(fullmakt, { auth });
app.get('/healthz', { config: { public: true } }, () => 'ok');
app.get('/case', { config: { guard: citizen } }, async (request) => {
  const principal = principalOf(request, citizen);
  const register = await tokens.onBehalfOfOrThrow({
    provider: 'tokenx',
    target: 'dev:team-b:register',
    user: principal,
  });
  return { id: principal.id, pid: principal.claims.pid, expires: register.expiresAt };
});
const address = await app.listen({ port: 0, host: '127.0.0.1' });
console.log(`port ${new URL(address).port}`);
