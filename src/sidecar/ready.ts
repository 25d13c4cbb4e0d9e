import { DocumentUnavailable } from '../oauth/document.ts';
import type { Clock } from '../oauth/time.ts';
import { MINUTE } from '../oauth/time.ts';
import { json } from '../web/http.ts';
import type { HttpResponse } from '../web/http.ts';
import type { Provider } from './provider/provider.ts';

/** What readiness is told of besides providers. */
export interface ReadyOptions {
  /** How it stands with the configuration that is read while the program runs; shown as it is. */
  readonly reload?: object | undefined;
}

interface Row {
  readonly ready: boolean;
  readonly row: Readonly<Record<string, unknown>>;
}

const FRESH_SECONDS = 11 * MINUTE;
/** A probe waits no longer for what is being fetched: whoever asks early gets a good answer, and a provider that hangs delays nobody. */
const GRACE_MILLISECONDS = 250;

/**
 * GET /readyz (sidecar-sdk.md 3.9): 200 when metadata and keys of every provider that is on are there, else 503. What is missing is
 * asked for, as seldom as tokens may ask. An open breaker is no reason to be unready.
 */
export async function handleReady(
  providers: Iterable<Provider>,
  now: Clock,
  { reload }: ReadyOptions = {},
): Promise<HttpResponse> {
  const { ready, providers: shown } = await lookAtProviders(providers, now);
  return json(ready ? 200 : 503, { ready, providers: shown, reload }, { 'Cache-Control': 'no-store' });
}

/** The same as a value: whether all of them are ready, and what there is to say of each. */
export async function lookAtProviders(
  providers: Iterable<Provider>,
  now: Clock,
): Promise<{ readonly ready: boolean; readonly providers: Readonly<Record<string, unknown>> }> {
  const { promise: late, resolve } = Promise.withResolvers<'late'>();
  const timer = setTimeout(resolve, GRACE_MILLISECONDS, 'late');
  const rows = await Promise.all(
    Array.from(providers, async (provider) => [provider.settings.name, await rowOf(provider, now, late)] as const),
  );
  clearTimeout(timer);
  const ready = rows.every(([, row]) => row.ready);
  return { ready, providers: Object.fromEntries(rows.map(([name, { row }]) => [name, row])) };
}

async function rowOf(provider: Provider, now: Clock, late: Promise<'late'>): Promise<Row> {
  const { keySet, tokenEndpoint, credential } = provider;
  const [metadata, hasKeys] = await Promise.all([metadataOf(provider, late), Promise.race([keySet.ready(), late])]);
  const keys = keysOf(provider, hasKeys === true, now());
  const endpoint = tokenEndpoint.state();
  const row = {
    metadata: metadata.state,
    keys,
    token_endpoint: endpoint,
    ...(credential === undefined
      ? {}
      : { credential: { kid: credential.key().kid, loaded: iso(credential.loadedAt()) } }),
    last_error: metadata.fault ?? faultOfKeys(provider) ?? (endpoint === 'open' ? 'token_endpoint_open' : undefined),
  };
  return { ready: metadata.state !== 'missing' && hasKeys === true, row };
}

/** Metadata is needed only for what was not configured. */
async function metadataOf(
  { settings, endpoints }: Provider,
  late: Promise<'late'>,
): Promise<{ readonly state: 'configured' | 'loaded' | 'missing'; readonly fault?: string }> {
  const { jwksUri, tokenEndpoint } = settings.endpoints;
  const wanted = [
    ...(jwksUri === undefined ? [endpoints.jwksUri()] : []),
    ...(settings.client !== undefined && tokenEndpoint === undefined ? [endpoints.tokenEndpoint()] : []),
  ];
  if (wanted.length === 0) return { state: 'configured' };
  try {
    const found = await Promise.race([Promise.all(wanted), late]);
    return found === 'late' ? { state: 'missing', fault: 'metadata_pending' } : { state: 'loaded' };
  } catch (error) {
    return { state: 'missing', fault: code('metadata', reasonOf(error)) };
  }
}

function keysOf({ keySet }: Provider, ok: boolean, now: number): Record<string, unknown> {
  const { keys, fetchedAt, skipped = 0 } = keySet.state();
  if (fetchedAt === undefined) return { state: 'never', usable: 0, skipped };
  const age = Math.max(0, Math.round(now - fetchedAt));
  const state = !ok ? 'expired' : age < FRESH_SECONDS ? 'fresh' : 'stale';
  return { state, age, usable: state === 'expired' ? 0 : keys, skipped };
}

function faultOfKeys({ keySet }: Provider): string | undefined {
  const { failure } = keySet.state();
  return failure === undefined ? undefined : code('keys', failure);
}

/** A failure that made others wait is named by them as their cause. */
function reasonOf(error: unknown): string {
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    if (each instanceof DocumentUnavailable) return each.reason;
  }
  return 'unusable';
}

/** `keys_status_404`: reasons are short and hold nothing of the provider's. */
function code(what: string, reason: string): string {
  return `${what}_${reason.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_')}`;
}

function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
