import { randomUUID } from 'node:crypto';

/** Every fault that can be switched on, by its name in the control API and on the sign-in page. */
export const FAULT_NAMES = [
  'slow-token',
  'token-5xx',
  'access_denied',
  'skew',
  'bad-iss',
  'no-iss',
  'html-500',
  'refresh-reject',
  'refresh-same',
  'wrong-nonce',
  'no-sid',
  'rotated-keys',
  'unpublished-key',
  'bad-aud',
  'bad-sig',
  'alg-none',
  'no-kid',
  'reset',
  'half-body',
  'userinfo-sub',
  'propagation',
] as const;

/** One of {@link FAULT_NAMES}. */
export type FaultName = (typeof FAULT_NAMES)[number];

/** What may stand behind the colon; of faults that are not here, nothing. Milliseconds, a status, seconds, seconds. */
const VALUES: Readonly<Partial<Record<FaultName, RegExp>>> = {
  'slow-token': /^\d{1,6}$/,
  'token-5xx': /^50[0234]$/,
  skew: /^-?\d{1,9}$/,
  propagation: /^\d{1,6}$/,
};

/** A fault to be acted out: `slow-token:500` has the value `500`. */
export interface FaultOrder {
  readonly persona: string;
  readonly client?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly fault: FaultName;
  readonly value?: string | undefined;
  /** How often; 0 = until it is removed. */
  readonly times: number;
}

/** A fault that is switched on, and how often it has acted. */
export interface FaultRule extends FaultOrder {
  readonly id: string;
  readonly hits: number;
}

/** Where a fault could act now. */
interface FaultPlace {
  readonly persona: string;
  readonly client?: string | undefined;
  readonly endpoint?: string | undefined;
}

/** The faults that are switched on. Taking one is synchronous, so that parallel requests never share a count. */
export interface Faults {
  add(order: FaultOrder): FaultRule;
  list(): readonly FaultRule[];
  remove(id: string): boolean;
  clear(): void;
  /** Whether a fault may act anywhere: as long as it is false, nobody needs to look further. */
  readonly active: boolean;
  /** A sign-in carries faults of its own from now on. */
  noteTicked(): void;
  /** The value of a fault that acts here (empty when it has none), counted as a hit; undefined when none does. */
  take(place: FaultPlace, fault: FaultName): string | undefined;
}

/** No faults yet. */
export function createFaults(): Faults {
  const rules = new Map<string, FaultRule>();
  let ticked = false;
  return {
    get active() {
      return ticked || rules.size > 0;
    },
    noteTicked: () => {
      ticked = true;
    },
    add: (order) => {
      const rule = { ...order, id: randomUUID(), hits: 0 };
      rules.set(rule.id, rule);
      return rule;
    },
    list: () => [...rules.values()],
    remove: (id) => rules.delete(id),
    clear: () => {
      rules.clear();
      ticked = false;
    },
    take: (place, fault) => {
      if (rules.size === 0) return undefined;
      for (const rule of rules.values()) {
        if (rule.fault !== fault || !fits(rule, place) || isSpent(rule)) continue;
        rules.set(rule.id, { ...rule, hits: rule.hits + 1 });
        return rule.value ?? '';
      }
      return undefined;
    },
  };
}

/** Reads `name` or `name:value`; undefined for a fault that does not exist or a value it cannot have. */
export function parseFault(text: string): Pick<FaultOrder, 'fault' | 'value'> | undefined {
  const colon = text.indexOf(':');
  const name = colon === -1 ? text : text.slice(0, colon);
  const fault = FAULT_NAMES.find((each) => each === name);
  if (fault === undefined) return undefined;
  if (colon === -1) return fault === 'propagation' ? undefined : { fault };
  const value = text.slice(colon + 1);
  return VALUES[fault]?.test(value) === true ? { fault, value } : undefined;
}

function fits(rule: FaultRule, place: FaultPlace): boolean {
  return (
    rule.persona === place.persona &&
    (rule.client === undefined || rule.client === place.client) &&
    (rule.endpoint === undefined || rule.endpoint === place.endpoint)
  );
}

function isSpent({ times, hits }: FaultRule): boolean {
  return times > 0 && hits >= times;
}
