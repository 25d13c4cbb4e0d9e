import { z } from 'zod';
import type { HttpRequest } from '../../web/http.ts';
import type { Route } from '../../web/router.ts';
import type { PersonaKeys } from '../keys/keys.ts';
import { bodyOf, route, serviceOf } from './context.ts';
import type { ControlContext } from './context.ts';
import { ControlProblem, parse } from './problem.ts';

const order = z.strictObject({
  action: z.enum(['add', 'promote', 'rotate', 'drop']),
  kid: z.string().min(1).optional(),
  alg: z.enum(['RS256', 'PS256', 'ES256']).optional(),
});

/** `POST /v1/{persona}/keys`: new signing keys, and which of them signs. The file keeps the keys of the start. */
export function keyRoutes(context: ControlContext): readonly Route[] {
  return [
    route('GET', '/v1/:persona/keys', (_request, { persona }) => ({
      keys: showKeys(serviceOf(context, persona).realm.keys),
    })),
    route('POST', '/v1/:persona/keys', async (request, { persona }) => {
      const { keys } = serviceOf(context, persona).realm;
      const kid = await change(keys, request);
      return { kid, keys: showKeys(keys) };
    }),
  ];
}

/** Published keys: `current` ones sign, `published` ones are only known. */
export function showKeys(keys: PersonaKeys): readonly unknown[] {
  return keys.published.map(({ signing }) => ({
    kid: signing.kid,
    alg: signing.alg,
    state: keys.signer(signing.alg).signing.kid === signing.kid ? 'current' : 'published',
  }));
}

async function change(keys: PersonaKeys, request: HttpRequest): Promise<string> {
  const { action, kid, alg } = parse(order, await bodyOf(request));
  if (action === 'add' || action === 'rotate') {
    if (kid !== undefined) throw new ControlProblem('unprocessable', 'kid: a new key names itself', 'kid');
    const known = keys.published[0]?.signing.alg;
    const wanted = alg ?? known;
    if (wanted === undefined || keys.published.every(({ signing }) => signing.alg !== wanted)) {
      throw new ControlProblem('unprocessable', `alg: this persona does not sign with ${wanted ?? 'anything'}`, 'alg');
    }
    const key = await keys.make(wanted);
    keys.add(key);
    if (action === 'rotate') keys.promote(key.signing.kid);
    return key.signing.kid;
  }
  if (kid === undefined) throw new ControlProblem('unprocessable', `kid: needed to ${action} a key`, 'kid');
  if (keys.published.every(({ signing }) => signing.kid !== kid)) {
    throw new ControlProblem('not_found', 'no published key has this kid', 'kid');
  }
  if (action === 'promote') keys.promote(kid);
  else if (!keys.drop(kid)) {
    throw new ControlProblem('conflict', 'this key signs: promote another one before it is dropped', 'kid');
  }
  return kid;
}
