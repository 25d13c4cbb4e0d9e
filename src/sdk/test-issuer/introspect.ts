import { activeAnswer } from '../../oauth/claims-text.ts';
import { inactiveText } from '../../oauth/inactive-text.ts';
import { JoseError } from '../../oauth/jose-error.ts';
import { judgeToken, PayloadRefused } from '../../oauth/judge-token.ts';
import { POLICIES } from '../../oauth/policy.ts';
import { APPLICATION } from './identities.ts';
import type { Played } from './places.ts';
import type { Desk } from './proof.ts';
import { answerWith } from './sidecar-answers.ts';

const AUDIENCES: Readonly<Record<Played, readonly string[] | undefined>> = {
  entra_id: [APPLICATION.entraClientId],
  tokenx: [APPLICATION.name],
  idporten: [APPLICATION.audience],
  maskinporten: undefined,
};

/** What a sidecar says of a token (sidecar-sdk.md 3.5). */
export async function introspect(desk: Desk, provider: Played, token: string): Promise<Response> {
  const { algorithms, leewaySeconds } = POLICIES.texas;
  const settings = { issuer: desk.places[provider].issuer, audience: AUDIENCES[provider], algorithms };
  const keys = desk.keys.verificationKeys(provider);
  const keySet = { keysFor: async (kid?: string) => keys.filter((key) => key.kid === kid) };
  try {
    const { text } = await judgeToken(token, { settings, keySet }, { now: desk.now(), leewaySeconds });
    return answerWith(200, activeAnswer(text));
  } catch (error) {
    if (!(error instanceof JoseError || error instanceof PayloadRefused)) throw error;
    return answerWith(200, { active: false, error: inactiveText(error) });
  }
}

/** Whether it is a provider of the issuer. */
export function isPlayed(name: string): name is Played {
  return Object.hasOwn(AUDIENCES, name);
}
