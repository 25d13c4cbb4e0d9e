/** The same figures under the names that dashboards and alerts made for Wonderwall ask for. */
import type { EventRule, EventTable, Figures } from '../../observe/events.ts';
import { LOGIN_EVENTS } from '../events.ts';
import type { LoginEvent } from '../events.ts';
import { OWN_ROUTES } from '../own-routes.ts';

/** Seconds, 1 ms to 5 s. */
const BUCKETS: readonly number[] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
/** Targets of logins that are told apart. */
const MAX_REDIRECTS = 200;
const MAX_METHODS_OF_LOGIN = 50;

const NOT_COUNTED: ReadonlySet<string> = new Set(['ping']);

/** Our routes as paths; what is none of them is left out. */
const PATHS: Readonly<Record<string, string>> = Object.fromEntries(
  [...OWN_ROUTES.keys()].filter((route) => !NOT_COUNTED.has(route)).map((route) => [route, `/oauth2/${route}`]),
);

const OPERATIONS: Readonly<Record<string, string>> = {
  read: 'Read',
  members: 'Read',
  create: 'Write',
  put: 'Write',
  once: 'Write',
  addToIndex: 'Write',
  update: 'Update',
  delete: 'Delete',
  take: 'Delete',
  removeFromIndex: 'Delete',
};

const WONDERWALL_LOGINS: NonNullable<Figures['counter']> = {
  name: 'wonderwall_logins',
  help: 'Logins, by means of authentication and target.',
  labels: ['amr', 'redirect'],
  from: { amr: { most: MAX_METHODS_OF_LOGIN }, redirect: { most: MAX_REDIRECTS } },
};

const WONDERWALL_LOGOUTS: NonNullable<Figures['counter']> = {
  name: 'wonderwall_logouts',
  help: 'Logouts by operation.',
  labels: ['operation'],
  from: {
    operation: {
      of: { self_initiated: 'self_initiated', front_channel: 'front_channel', local: 'local' },
      others: 'left out',
    },
  },
};

const WONDERWALL_LATENCY: NonNullable<Figures['histogram']> = {
  name: 'wonderwall_redis_latency',
  help: 'Time of store operations.',
  labels: ['operation'],
  from: { operation: { field: 'op', of: OPERATIONS, others: 'left out' } },
  field: 'seconds',
  buckets: BUCKETS,
};

/** Requests to `/oauth2/*`, with the kind of the default provider as Wonderwall calls it. */
function requestsOf(provider: string): Figures {
  const common = {
    labels: ['code', 'method', 'path', 'host', 'provider', 'service'],
    from: {
      path: { field: 'route', of: PATHS, others: 'left out' },
      provider: { always: provider },
      service: { always: 'wonderwall' },
    },
  } as const;
  return {
    counter: { name: 'requests_total', help: 'Requests to own routes.', ...common },
    histogram: {
      name: 'request_duration_seconds',
      help: 'Time to the head of an answer of own routes.',
      field: 'seconds',
      buckets: BUCKETS,
      ...common,
    },
  };
}

function also(rule: EventRule, more: Figures): EventRule {
  return { ...rule, also: [...(rule.also ?? []), more] };
}

/** What becomes of each event: with `wonderwallNames`, of some of them twice. `provider` is the kind of the default one. */
export function loginEvents(names: {
  readonly wonderwallNames: boolean;
  readonly provider: string;
}): EventTable<LoginEvent> {
  if (!names.wonderwallNames) return LOGIN_EVENTS;
  const provider = names.provider === 'entra' ? 'azure' : names.provider;
  return {
    ...LOGIN_EVENTS,
    'request.done': also(LOGIN_EVENTS['request.done'], requestsOf(provider)),
    'login.succeeded': also(LOGIN_EVENTS['login.succeeded'], { counter: WONDERWALL_LOGINS }),
    logout: also(LOGIN_EVENTS.logout, { counter: WONDERWALL_LOGOUTS }),
    'store.operation': also(LOGIN_EVENTS['store.operation'], { histogram: WONDERWALL_LATENCY }),
  };
}
