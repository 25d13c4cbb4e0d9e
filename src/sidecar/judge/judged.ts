import { activeAnswer } from '../../oauth/claims-text.ts';
import type { SidecarContext } from '../context.ts';
import { judgeToken } from '../../oauth/judge-token.ts';
import type { Provider } from '../provider/provider.ts';

/** What introspection answers for a good token, and whether it was known from a moment ago. */
export interface Judged {
  readonly answer: string;
  readonly result: 'hit' | 'miss';
}

/** Judges a token, or finds that it was judged a moment ago (sidecar-sdk.md 2.6). Throws JoseError and PayloadRefused. */
export async function judgeOnce(token: string, provider: Provider, context: SidecarContext): Promise<Judged> {
  const { now, leewaySeconds, results } = context;
  const known = results?.find(token, provider);
  if (known !== undefined) return { answer: known, result: 'hit' };
  const { claims, text } = await judgeToken(token, provider, { now: now(), leewaySeconds });
  const answer = activeAnswer(text);
  results?.keep(token, provider, { claims, answer });
  return { answer, result: 'miss' };
}
