import { isJsonObject } from '../oauth/objects.ts';
import type { Clock } from '../oauth/time.ts';

/** A token that was issued. `raw` leaves the process only through the control API, and only when asked for. */
export interface IssuedToken {
  readonly persona: string;
  readonly client: string;
  readonly kind: 'access' | 'id' | 'logout' | 'response';
  /** Seconds since the epoch. */
  readonly time: number;
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly raw: string;
}

/** A request that was answered. Of what it held only names are kept, and what an assertion says of itself. */
export interface NotedRequest {
  readonly persona: string;
  /** `token`, `authorize`, `par`, …; `other` for paths that are none. */
  readonly endpoint: string;
  readonly method: string;
  /** Seconds since the epoch, by the persona's clock. */
  readonly time: number;
  readonly status: number;
  /** Names in body and query, in order. */
  readonly parameters: readonly string[];
  /** Header and claims of the assertion, still encoded, without the signature. */
  readonly assertion: readonly [header: string, claims: string] | undefined;
}

/** How often an endpoint was asked, and with which outcome. */
export interface EndpointCount {
  readonly persona: string;
  readonly endpoint: string;
  readonly requests: number;
  /** Answers by status. */
  readonly statuses: Readonly<Record<string, number>>;
}

/** What the last requests and tokens were; bounded by count and by size, oldest out. The counters are not. */
export interface Journal {
  noteIssued(token: IssuedToken): void;
  issued(): readonly IssuedToken[];
  noteRequest(request: NotedRequest): void;
  requests(): readonly NotedRequest[];
  counters(): readonly EndpointCount[];
  clear(): void;
}

const MAX_ENTRIES = 5000;
/** Of each list, in characters: far more than 5,000 ordinary entries have. */
const MAX_CHARACTERS = 32 * 1024 * 1024;

/** An empty journal. */
export function createJournal(): Journal {
  const issued = createLast<KeptToken>(
    ({ raw, parts }) => raw.length + (parts === undefined ? 0 : JSON.stringify(parts).length),
  );
  const requests = createLast<NotedRequest>(sizeOfRequest);
  const counts = new Map<string, { persona: string; endpoint: string; statuses: Map<number, number> }>();
  return {
    noteIssued: (token) => issued.add(pack(token)),
    issued: () => issued.all().map(unpack),
    noteRequest: (request) => {
      requests.add(request);
      const { persona, endpoint, status } = request;
      const name = `${persona} ${endpoint}`;
      const count = counts.get(name) ?? { persona, endpoint, statuses: new Map<number, number>() };
      counts.set(name, count);
      count.statuses.set(status, (count.statuses.get(status) ?? 0) + 1);
    },
    requests: requests.all,
    counters: () =>
      [...counts.values()].map(({ persona, endpoint, statuses }) => ({
        persona,
        endpoint,
        requests: [...statuses.values()].reduce((sum, each) => sum + each, 0),
        statuses: Object.fromEntries(statuses),
      })),
    clear: () => {
      issued.clear();
      requests.clear();
      counts.clear();
    },
  };
}

interface Last<T> {
  readonly add: (entry: T) => void;
  readonly all: () => readonly T[];
  readonly clear: () => void;
}

function createLast<T>(sizeOf: (entry: T) => number): Last<T> {
  let entries: (T | undefined)[] = [];
  let next = 0;
  let characters = 0;
  /** Empties a place and says how much that frees. */
  const drop = (place: number): number => {
    const entry = entries[place];
    if (entry === undefined) return 0;
    entries[place] = undefined;
    return sizeOf(entry);
  };
  return {
    add: (entry) => {
      characters += sizeOf(entry) - drop(next);
      entries[next] = entry;
      const newest = next;
      next = (next + 1) % MAX_ENTRIES;
      // After the newest comes the oldest. The newest stays, whatever its size.
      for (let place = next; characters > MAX_CHARACTERS && place !== newest; place = (place + 1) % MAX_ENTRIES) {
        characters -= drop(place);
      }
    },
    all: () => [...entries.slice(next), ...entries.slice(0, next)].filter((entry) => entry !== undefined),
    clear: () => {
      entries = [];
      next = 0;
      characters = 0;
    },
  };
}

function sizeOfRequest({ parameters, assertion }: NotedRequest): number {
  const names = parameters.reduce((sum, name) => sum + name.length, 0);
  return names + (assertion === undefined ? 0 : assertion[0].length + assertion[1].length);
}

/** A token as it is kept: what a signed one says of itself is read from it when somebody asks, not kept twice. */
interface KeptToken extends Pick<IssuedToken, 'persona' | 'client' | 'kind' | 'time'> {
  readonly raw: string;
  readonly parts: Pick<IssuedToken, 'header' | 'claims'> | undefined;
}

function pack({ persona, client, kind, time, header, claims, raw }: IssuedToken): KeptToken {
  const parts = isSigned(raw) ? undefined : { header, claims };
  return { persona, client, kind, time, raw, parts };
}

function unpack({ raw, parts, ...kept }: KeptToken): IssuedToken {
  const [header = '', claims = ''] = raw.split('.');
  return { ...kept, ...(parts ?? { header: readSegment(header), claims: readSegment(claims) }), raw };
}

function isSigned(raw: string): boolean {
  const first = raw.indexOf('.');
  return first !== -1 && raw.indexOf('.', first + 1) === raw.lastIndexOf('.') && raw.lastIndexOf('.') !== first;
}

function readSegment(segment: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(Buffer.from(segment, 'base64url').toString());
  return isJsonObject(value) ? value : {};
}

/** A clock reading for the journal: whole seconds. */
export function wholeSeconds(now: Clock): number {
  return Math.floor(now());
}
