import { object, optional } from '../object-shape.ts';
import type { Fields } from '../object-shape.ts';
import { integer, list, listOr, oneOf, pattern, text, texts } from '../shape.ts';
import type { Shape } from '../shape.ts';
import { ingressUrl, namePart } from './forms.ts';

/** What runs, and where, as written. */
export interface RawWorkload {
  readonly ingresses?: readonly string[];
  readonly port?: number;
  readonly image?: string;
  readonly upstream?: { readonly host?: string; readonly port?: number };
  readonly dev?: RawDev;
  readonly identity?: { readonly mode?: 'workload' | 'keys' | 'both'; readonly serviceAccount?: string };
}

/** How `fullmakt up` starts the app. */
export interface RawDev {
  readonly command?: string | readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const SIDECAR_PORTS = new Set([7164, 7165, 7564, 7565, 7566]);
const OWN_VARIABLES =
  /^(PORT|BIND_ADDRESS|NODE_EXTRA_CA_CERTS|(NAIS|FULLMAKT|AZURE|TOKEN_X|IDPORTEN|MASKINPORTEN|WONDERWALL)_.*)$/;

const port = (): Shape<number> =>
  integer(1, 65535, (value) => (SIDECAR_PORTS.has(value) ? 'this port belongs to the sidecar' : undefined));

const variables: Shape<Readonly<Record<string, string>>> = texts((name) => {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return 'expected the name of a variable';
  return OWN_VARIABLES.test(name) ? 'this variable is set by Fullmakt' : undefined;
});

/** The fields of a workload. */
export const workloadFields: Fields<RawWorkload> = {
  ingresses: optional(list(ingressUrl, 50), { aliases: ['ingress', 'urls', 'hosts'] }),
  port: optional(port(), { aliases: ['containerPort'] }),
  image: optional(pattern(/^[^\s'"]{1,512}$/, 'an image name')),
  upstream: optional(
    object({
      host: optional(pattern(/^([A-Za-z0-9.-]+|\[?[0-9A-Fa-f:]+\]?)$/, 'a host name or address without scheme')),
      port: optional(integer(1, 65535)),
    }),
  ),
  dev: optional(
    object<RawDev>({
      command: optional(listOr(list(text(), 100), text()), { aliases: ['cmd', 'run'] }),
      cwd: optional(text(), { aliases: ['workdir', 'dir'] }),
      env: optional(variables),
    }),
  ),
  identity: optional(
    object({ mode: optional(oneOf(['workload', 'keys', 'both'])), serviceAccount: optional(namePart) }),
  ),
};
