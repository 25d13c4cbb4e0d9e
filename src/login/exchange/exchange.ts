/** The token an application of its own path gets instead of the login token, which never reaches it. */
import type { ExchangeNetwork } from '../../providers/kinds.ts';
import { TokenRequestFailed } from '../../oauth/token-endpoint/token-failure.ts';
import type { UpstreamRoute } from '../config.ts';
import type { LoginContext, Siblings } from '../context.ts';
import type { FoundSession } from '../session/finding.ts';
import { sessionReference } from '../session/ticket.ts';
import { createExchangedTokens } from './exchanged-tokens.ts';
import type { Network } from './networks.ts';
import { createOnBehalfOf, createTokenx } from './networks.ts';

/** What came of an exchange. */
type Exchanged =
  | { readonly kind: 'token'; readonly accessToken: string }
  /** The network said no, or there is nothing to ask for. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'unavailable'; readonly retryAfterSeconds: number | undefined };

/** Exchanges sessions' tokens. */
export interface Exchange {
  tokenFor(found: FoundSession, audience: NonNullable<UpstreamRoute['audience']>): Promise<Exchanged>;
  close(): void;
}

const REFUSED: Exchanged = { kind: 'refused' };

function isRefusal(failure: TokenRequestFailed): boolean {
  return failure.failure === 'refused' && failure.status >= 400 && failure.status < 500 && failure.kind !== 'transient';
}

function tell(
  { at, session }: FoundSession,
  network: ExchangeNetwork,
  what:
    | { readonly event: 'exchange.done'; readonly outcome: 'ok' | 'cached' | 'unavailable' }
    | { readonly event: 'exchange.refused'; readonly outcome: 'refused'; readonly reason: string },
): void {
  const { name: provider, clientId } = at.provider;
  at.emit({
    ...what,
    provider,
    client_id: clientId,
    session_ref: sessionReference(session.key),
    sid: session.record.sid,
    network,
  });
}

function failed(found: FoundSession, network: ExchangeNetwork, error: unknown): Exchanged {
  if (!(error instanceof TokenRequestFailed)) throw error;
  if (isRefusal(error)) {
    // The description is the network's own text: only the code goes on record.
    tell(found, network, { event: 'exchange.refused', outcome: 'refused', reason: codeOf(error) });
    return REFUSED;
  }
  tell(found, network, { event: 'exchange.done', outcome: 'unavailable' });
  return { kind: 'unavailable', retryAfterSeconds: error.retryAfterSeconds };
}

/** Exchanges for all providers of one running proxy; nothing is fetched before the first. */
export function createExchange({ first, all }: Siblings): Exchange {
  const tokenx = createTokenx(first);
  const entra = new Map<LoginContext, Network>();
  for (const at of all) if (at.provider.kind.exchangeNetwork === 'entra') entra.set(at, createOnBehalfOf(at));
  const tokens = createExchangedTokens(first.now);
  let unsubscribe: (() => void) | undefined;

  return {
    async tokenFor(found, audiences) {
      const { at, session } = found;
      const name = at.provider.kind.exchangeNetwork;
      const network = name === 'entra' ? entra.get(at) : tokenx;
      const audience = audiences[name];
      if (network === undefined || audience === undefined) {
        tell(found, name, {
          event: 'exchange.refused',
          outcome: 'refused',
          reason: 'no audience or client is configured',
        });
        return REFUSED;
      }
      // A message that is lost costs nothing but memory: without its session nobody asks for a token.
      unsubscribe ??= first.sessions.onAnyChange((key) => tokens.forget(key));
      try {
        const key = { session: session.key, network: name, audience };
        const { accessToken, kept } = await tokens.get(key, () =>
          network.exchange(audience, session.record.accessToken),
        );
        tell(found, name, { event: 'exchange.done', outcome: kept ? 'cached' : 'ok' });
        return { kind: 'token', accessToken };
      } catch (error) {
        return failed(found, name, error);
      }
    },
    close: () => unsubscribe?.(),
  };
}

/** Anybody's text can stand where a code should: only what looks like one is recorded. */
function codeOf({ error }: TokenRequestFailed): string {
  return /^[a-z_]{1,64}$/.test(error) ? error : 'not an error code';
}
