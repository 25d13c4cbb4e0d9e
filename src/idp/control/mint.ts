import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { HttpRequest } from '../../web/http.ts';
import type { Route } from '../../web/router.ts';
import { signToken } from '../engine/issue.ts';
import { TOKEN_FAULTS } from '../engine/faulty-token.ts';
import { parseFault } from '../faults.ts';
import { bodyOf, route, serviceOf } from './context.ts';
import type { ControlContext } from './context.ts';
import type { Service } from '../stage.ts';
import { ControlProblem, parse } from './problem.ts';

const LIFE_SECONDS = 300;
const order = z.strictObject({
  kind: z.enum(['access', 'id', 'logout']).default('access'),
  claims: z.record(z.string(), z.unknown()).default({}),
  header: z.record(z.string(), z.unknown()).default({}),
  /** Whose token it is in the list of issued ones. */
  client: z.string().min(1).default('minted'),
  alg: z.enum(['RS256', 'PS256', 'ES256']).optional(),
  tenant: z.string().min(1).optional(),
  fault: z.string().min(1).optional(),
});

/** `POST /v1/{persona}/mint`: a token with any claims, signed with the key that signs now. */
export function mintRoutes(context: ControlContext): readonly Route[] {
  return [route('POST', '/v1/:persona/mint', (request, { persona }) => mint(serviceOf(context, persona), request))];
}

async function mint(service: Service, request: HttpRequest): Promise<unknown> {
  const { kind, client, header, alg, fault, tenant, ...asked } = parse(order, await bodyOf(request));
  const { realm } = service;
  const wanted = alg ?? realm.keys.published[0]?.signing.alg ?? 'RS256';
  if (realm.keys.published.every(({ signing }) => signing.alg !== wanted)) {
    throw new ControlProblem('unprocessable', `alg: this persona does not sign with ${wanted}`, 'alg');
  }
  const claims = withDefaults(asked.claims, service.place(tenant).issuer, Math.floor(realm.now()));
  if (fault !== undefined && !isTokenFault(fault)) {
    const known = TOKEN_FAULTS.join(', ');
    throw new ControlProblem('unprocessable', `fault: not one of ${known}, or with a wrong value`, 'fault');
  }
  // Faults that are switched on are for what the persona issues itself.
  const faults = fault === undefined ? [] : [fault];
  return { token: await signToken(realm, { kind, client, header, claims, alg: wanted, faults }) };
}

/** The claims asked for win over the few that every token has; null takes one away. */
function withDefaults(
  asked: Readonly<Record<string, unknown>>,
  iss: string,
  now: number,
): Readonly<Record<string, unknown>> {
  const all = { iss, iat: now, exp: now + LIFE_SECONDS, jti: randomUUID(), ...asked };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null));
}

function isTokenFault(text: string): boolean {
  const name = parseFault(text)?.fault;
  return TOKEN_FAULTS.some((each) => each === name);
}
