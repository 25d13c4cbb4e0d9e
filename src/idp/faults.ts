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
export interface FaultPlace {
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
  /** The value of a fault that acts here (empty when it has none), counted as a hit; undefined when none does. */
  take(place: FaultPlace, fault: FaultName): string | undefined;
}

/** No faults yet. */
export function createFaults(): Faults {
  const rules = new Map<string, FaultRule>();
  return {
    add: (order) => {
      const rule = { ...order, id: randomUUID(), hits: 0 };
      rules.set(rule.id, rule);
      return rule;
    },
    list: () => [...rules.values()],
    remove: (id) => rules.delete(id),
    clear: () => rules.clear(),
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
