import express from 'express';
import { allOf, fromEnv, requireAcr, requireCaller, requireUser } from '@fullmakt/sdk';
import { principalOf, protect } from '@fullmakt/sdk/express';
import { tokensFromEnv } from '@fullmakt/sdk/tokens';

const auth = fromEnv();
const tokens = tokensFromEnv({ via: 'direct' });
const citizen = allOf(requireUser('tokenx'), requireAcr('high'), requireCaller());

const app = express();
app.get('/healthz', (_req, res) => {
  res.send('ok');
});
app.use('/case', protect(auth, citizen));
app.get('/case', async (req, res) => {
  const principal = principalOf(req, citizen);
  const register = await tokens.onBehalfOfOrThrow({
    provider: 'tokenx',
    target: 'dev:team-b:register',
    user: principal,
  });
  res.json({ id: principal.id, pid: principal.claims.pid, expires: register.expiresAt });
});
const server = app.listen(0, '127.0.0.1', () => {
  const address = server.address();
  console.log(`port ${typeof address === 'object' ? address?.port : ''}`);
});
