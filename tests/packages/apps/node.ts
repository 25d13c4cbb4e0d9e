import { createServer } from 'node:http';
import { allOf, fromEnv, requireAcr, requireCaller, requireUser } from '@fullmakt/sdk';
import { protect } from '@fullmakt/sdk/node';
import { tokensFromEnv } from '@fullmakt/sdk/tokens';

const auth = fromEnv();
const tokens = tokensFromEnv({ via: 'direct' });
const citizen = allOf(requireUser('tokenx'), requireAcr('high'), requireCaller());

const cases = protect(auth, citizen, async (_req, res, principal) => {
  const register = await tokens.onBehalfOfOrThrow({
    provider: 'tokenx',
    target: 'dev:team-b:register',
    user: principal,
  });
  const body = { id: principal.id, pid: principal.claims.pid, expires: register.expiresAt };
  res.setHeader('Content-Type', 'application/json').end(JSON.stringify(body));
});
const server = createServer((req, res) => {
  if (req.url === '/case') cases(req, res);
  else res.end('ok');
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  console.log(`port ${typeof address === 'object' ? address?.port : ''}`);
});
