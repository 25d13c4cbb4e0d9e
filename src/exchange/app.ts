import type { Registry } from '../registry/contract.ts';
import type { Snapshot } from '../registry/model.ts';
import { createRouter } from '../web/router.ts';
import type { Route } from '../web/router.ts';
import { watchStalls } from '../web/stall-watch.ts';
import type { ListenerSpec, Program } from '../web/serve.ts';
import { adminRoutes } from './operators/admin.ts';
import { measured, tellingLegacy } from './compat/compat-telemetry.ts';
import { createClientKeys } from './client/client-keys.ts';
import type { ExchangeConfig, TokenAlgorithm } from './config.ts';
import type { ExchangeContext, ExchangeDependencies } from './context.ts';
import { discoveryRoutes, endpointsOf } from './discovery.ts';
import { createExplainEndpoint } from './operators/explain.ts';
import { figureRoutes } from './figures.ts';
import { exchangeHealthRoutes } from './health.ts';
import { createIntrospectionEndpoint } from './revocation/introspect.ts';
import { createLimits } from './request/limits.ts';
import { createOperators } from './operators/operators.ts';
import { createPseudonym } from './record/pseudonym.ts';
import { registrationRoutes } from './registration/registration.ts';
import { isIssuer } from './setting-kinds.ts';
import { setWildcardGrants } from './wildcard-grants.ts';
import { createRegistryWrites } from './operators/registry-writes.ts';
import { createReplayQuota } from './client/replay-quota.ts';
import { createRevocationEndpoint } from './revocation/revoke.ts';
import { openSigningKeys } from './keys/signing-keys.ts';
import { seedIssuers } from './subject/issuer-rows.ts';
import { createSubjectIssuers } from './subject/subject-issuers.ts';
import { createTokenEndpoint } from './token.ts';
import { createTurnedAway } from './record/turned-away.ts';

/** The token exchange server: one listener, and the issuer its tokens name. */
export interface ExchangeProgram extends Program {
  readonly issuer: string;
  /** Tells the ages of keys and rules, for figures that are collected another way than at `/metrics`. */
  tellFigures(): void;
}

/**
 * TokenX: the authorization server that exchanges a user's token at one app for one at the next (RFC 8693). Keys are loaded,
 * or made on the first start, before it resolves; rejects when they cannot be.
 */
export async function createExchange(config: ExchangeConfig, deps: ExchangeDependencies): Promise<ExchangeProgram> {
  const emitting = { ...deps, emit: tellingLegacy(deps.emit, config), record: deps.record ?? deps.emit };
  const context = await createContext(config, emitting);
  const { keys, issuers, turnedAway, registry, emit } = context;
  const tellVersion = (): void => {
    const { version, denials } = registry.snapshot();
    emit({ event: 'exchange.registry', version });
    emit({ event: 'exchange.deny_list', entries: denials });
  };
  if (config.replay === 'off') emit({ event: 'exchange.replay_off' });
  if (!isIssuer(config.issuer)) emit({ event: 'exchange.http_issuer', issuer: config.issuer });
  tellVersion();
  const unsubscribe = registry.onChange(tellVersion);
  return {
    issuer: config.issuer,
    listeners: listenersOf(context),
    tellFigures: () => tellFigures(context),
    async close() {
      unsubscribe();
      await keys.close();
      issuers.close();
      context.stalls.close();
      context.operators.close();
      await turnedAway.close();
    },
  };
}

/** One listener, or with `internalBind` a second that alone has administration and figures. */
function listenersOf(context: ExchangeContext): readonly ListenerSpec[] {
  const { config, endpoints, keys } = context;
  const { base } = endpoints;
  const counted = (routes: readonly Route[]): readonly Route[] => measured(routes, context.emit, config);
  const served = counted([
    { method: 'POST', path: `${base}/token`, handle: createTokenEndpoint(context) },
    { method: 'POST', path: `${base}/introspect`, handle: createIntrospectionEndpoint(context) },
    { method: 'POST', path: `${base}/revoke`, handle: createRevocationEndpoint(context) },
    ...registrationRoutes(context, base),
    ...discoveryRoutes(endpoints, keys, config),
    ...exchangeHealthRoutes(context, config.registryStaleLimitSeconds),
  ]);
  const internal = counted([
    { method: 'POST', path: `${base}/explain`, handle: createExplainEndpoint(context) },
    ...adminRoutes(context, base),
    ...figureRoutes(tellingFigures(context)),
  ]);
  const open = { name: 'TokenX', setting: 'FULLMAKT_EXCHANGE_BIND', ...config.bind };
  if (config.internalBind === undefined) return [{ ...open, handle: createRouter([...served, ...internal]) }];
  const inner = { name: 'TokenX internal', setting: 'FULLMAKT_EXCHANGE_INTERNAL_BIND', ...config.internalBind };
  return [
    { ...open, handle: createRouter(served) },
    { ...inner, handle: createRouter(internal) },
  ];
}

async function createContext(config: ExchangeConfig, deps: ExchangeDependencies): Promise<ExchangeContext> {
  const { now, fetch, emit, registry, record = emit } = deps;
  // Before anything is opened: a registry that cannot be written to leaves nothing behind.
  await setWildcardGrants(registry, config.wildcardGrants);
  await seedIssuers(registry, config.issuers);
  const keys = await openSigningKeys({
    ...deps.signingKeys,
    registry,
    now,
    emit,
    record,
    rules: {
      maxAgeSeconds: config.keysMaxAgeSeconds,
      stagedForSeconds: config.keysStagedForSeconds,
      activeForSeconds: config.keysActiveForSeconds,
      retiredForSeconds: config.keysRetiredForSeconds,
    },
    algorithmsInUse: algorithmsInUse(config, registry),
  });
  const issuers = createSubjectIssuers({
    registry,
    ownIssuer: config.issuer,
    ownKeys: () => keys.verificationKeys(),
    fetch,
    now,
    emit,
  });
  return {
    ...deps,
    record,
    config,
    endpoints: endpointsOf(config.issuer),
    keys,
    issuers,
    clientKeys: createClientKeys(),
    operators: createOperators(config.operators, { fetch, now, emit }),
    limits: createLimits(now, deps.workers),
    replayQuota: createReplayQuota({ now, ...(deps.workers !== undefined && { workers: deps.workers }) }),
    stalls: watchStalls(),
    turnedAway: createTurnedAway(record),
    pseudonym: createPseudonym(config.auditKey),
    writes: createRegistryWrites(),
  };
}

/** A key of an algorithm appears in the key set once an audience asks for it, not before. Counted once for a snapshot. */
function algorithmsInUse(config: ExchangeConfig, registry: Registry): () => ReadonlySet<TokenAlgorithm> {
  let counted: { readonly of: Snapshot; readonly algorithms: ReadonlySet<TokenAlgorithm> } | undefined;
  return () => {
    const snapshot = registry.snapshot();
    if (counted?.of === snapshot) return counted.algorithms;
    const asked = [...snapshot.clients('tokenx')].flatMap(({ registration }) =>
      registration.provider === 'tokenx' && registration.token.alg !== undefined ? [registration.token.alg] : [],
    );
    counted = { of: snapshot, algorithms: new Set([config.tokenAlg, ...asked]) };
    return counted.algorithms;
  };
}

/** Ages are told when somebody looks. */
function tellingFigures(context: ExchangeContext): ExchangeDependencies['metrics'] {
  const { metrics } = context;
  if (metrics === undefined) return undefined;
  return () => {
    tellFigures(context);
    return metrics();
  };
}

function tellFigures({ keys, registry, emit }: ExchangeContext): void {
  keys.tellFigures();
  emit({ event: 'exchange.registry_age', ageSeconds: registry.ageSeconds() });
}
