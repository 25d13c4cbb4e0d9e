import { allOf, anyOf, fromEnv, requireCaller, requireMachine, requireRole, requireUser } from '@fullmakt/sdk';
import { hopOf } from '../kit/chain.ts';
import { refuse } from '../kit/refusal.ts';
import { serve } from '../kit/serve.ts';

const auth = fromEnv({ explain: true, maskinporten: { requiredScope: 'example:register:read' } });

/** Citizens and employees through an app of our access policy, our own machines, and organisations with the scope. */
const users = allOf(requireUser('tokenx', 'entra_id'), requireCaller());
const ownMachines = allOf(requireMachine('entra_id'), requireCaller(), requireRole('access_as_application'));
const reader = anyOf(anyOf(users, ownMachines), requireMachine('maskinporten'));

serve({
  '/register': async (request) => {
    const call = await auth.authenticate(request, reader);
    if (!call.ok) return refuse('register-api', call.error);
    return { status: 200, json: { hops: [hopOf('register-api', call.principal)] } };
  },
});
