import { protectRoute } from '@fullmakt/sdk/next';
import { auth, citizen, tokens } from '../../auth.js';

export const dynamic = 'force-dynamic';

export const GET = protectRoute(auth, citizen, async (_request, { principal }) => {
  const ask = { provider: 'tokenx', target: 'dev:team-b:register', user: principal };
  const register = await tokens.onBehalfOfOrThrow(ask);
  return Response.json({ id: principal.id, pid: principal.claims.pid, expires: register.expiresAt });
});
