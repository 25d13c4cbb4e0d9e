import { object, optional, required } from '../object-shape.ts';
import { integer, list, pattern } from '../shape.ts';
import type { Shape } from '../shape.ts';
import { namePart, namePattern, permission } from './forms.ts';

/** `spec.accessPolicy` as written. */
export interface RawAccessPolicy {
  readonly inbound?: { readonly rules?: readonly RawRule[] };
  readonly outbound?: { readonly rules?: readonly RawRule[]; readonly external?: readonly RawExternal[] };
}

/** One rule as written. */
export interface RawRule {
  readonly application?: string;
  readonly namespace?: string;
  readonly cluster?: string;
  readonly permissions?: { readonly roles?: readonly string[]; readonly scopes?: readonly string[] };
}

/** One external target as written. */
interface RawExternal {
  readonly host?: string;
  readonly ipv4?: string;
  readonly ports?: readonly { readonly port?: number }[];
}

const peer = {
  application: required(namePattern),
  namespace: optional(namePattern),
  cluster: optional(namePart),
} as const;

const inboundRule: Shape<RawRule> = object<RawRule>({
  ...peer,
  permissions: optional(object({ roles: optional(list(permission)), scopes: optional(list(permission)) })),
});

const external: Shape<RawExternal> = object<RawExternal>({
  host: optional(pattern(/^[A-Za-z0-9.*-]+$/, 'a host name without scheme')),
  ipv4: optional(pattern(/^\d{1,3}(\.\d{1,3}){3}$/, 'an IPv4 address')),
  ports: optional(list(object({ port: optional(integer(1, 65535)) }))),
});

/** `spec.accessPolicy`. */
export const accessPolicyShape: Shape<RawAccessPolicy> = object<RawAccessPolicy>({
  inbound: optional(object({ rules: required(list(inboundRule, 500)) }), { aliases: ['ingress', 'in'] }),
  outbound: optional(
    object({
      rules: optional(list<RawRule>(object<Omit<RawRule, 'permissions'>>(peer), 500)),
      external: optional(list(external)),
    }),
    { aliases: ['egress', 'out'] },
  ),
});
