import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { allOf, fromEnv, requireAcr, requireCaller, requireUser } from '@fullmakt/sdk';
import { protect } from '@fullmakt/sdk/hono';
import { tokensFromEnv } from '@fullmakt/sdk/tokens';

const auth = fromEnv();
const tokens = tokensFromEnv({ via: 'direct' });
const citizen = allOf(requireUser('tokenx'), requireAcr('high'), requireCaller());

const app = new Hono();
app.get('/healthz', (c) => c.text('ok'));
app.get('/case', protect(auth, citizen), async (c) => {
  const principal = c.get('principal');
  const register = await tokens.onBehalfOfOrThrow({
    provider: 'tokenx',
    target: 'dev:team-b:register',
    user: principal,
  });
  return c.json({ id: principal.id, pid: principal.claims.pid, expires: register.expiresAt });
});
serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => {
  console.log(`port ${port}`);
});
