/** Which request an outer proxy asks about. Pure. */
import { headerValues } from '../../web/headers.ts';

/** How the outer proxy asks, and how it wants to be answered. */
export type CheckStyle = 'plain' | 'redirect' | 'envoy';

/** The request in question, as the outer proxy tells it. Nothing of it is judged yet. */
export interface AskedTarget {
  readonly method: string;
  readonly scheme: string;
  /** host[:port], lower-case. */
  readonly host: string;
  /** Path and query, byte for byte. */
  readonly target: string;
}

/** The parts of a check that name its target. */
export interface CheckRequest {
  readonly method: string;
  readonly rawHeaders: readonly string[];
  /** `Host` of the check itself. */
  readonly host: string;
  /** What follows `/forwardauth/envoy`, query included. */
  readonly below: string;
}

/** A target, none named, or one that cannot be made out. */
export type TargetFinding =
  | { readonly kind: 'target'; readonly asked: AskedTarget }
  | { readonly kind: 'none' }
  | { readonly kind: 'unclear' };

const ABSOLUTE = /^([a-z][a-z0-9+.-]*):\/\/([^/?#\\]*)(.*)$/i;
const UNCLEAR: TargetFinding = { kind: 'unclear' };

/** The one value of a header; undefined when absent, `unclear` when it came more than once or is a list. */
function single(raw: readonly string[], name: string): string | undefined | 'unclear' {
  const values = headerValues(raw, name);
  if (values.length > 1) return 'unclear';
  return values[0];
}

function found(asked: AskedTarget): TargetFinding {
  const { target } = asked;
  // A URL may end at its host.
  const whole = target === '' || target.startsWith('?') ? `/${target}` : target;
  return { kind: 'target', asked: { ...asked, host: asked.host.toLowerCase(), target: whole } };
}

/** nginx, ingress-nginx and HAProxy: `X-Original-URL`, or `-URI` on the host of the check, and `X-Original-Method`. */
function original({ rawHeaders: raw, host, method }: CheckRequest, scheme: string): TargetFinding {
  const url = single(raw, 'x-original-url');
  const uri = single(raw, 'x-original-uri');
  const asked = single(raw, 'x-original-method');
  if (url === 'unclear' || uri === 'unclear' || asked === 'unclear') return UNCLEAR;
  if (url === undefined && uri === undefined) return { kind: 'none' };
  if (url === undefined) return found({ method: asked ?? method, scheme, host, target: uri ?? '' });
  const [, urlScheme = '', urlHost = '', target = ''] = ABSOLUTE.exec(url) ?? [];
  if (urlHost === '') return UNCLEAR;
  return found({ method: asked ?? method, scheme: urlScheme.toLowerCase(), host: urlHost, target });
}

/** Traefik and Caddy: `X-Forwarded-Method`, `-Proto`, `-Host` and `-Uri`. */
function forwarded({ rawHeaders: raw, host, method }: CheckRequest, scheme: string): TargetFinding {
  const target = single(raw, 'x-forwarded-uri');
  const asked = single(raw, 'x-forwarded-method');
  const askedHost = single(raw, 'x-forwarded-host');
  if (target === 'unclear' || asked === 'unclear' || askedHost === 'unclear') return UNCLEAR;
  if (target === undefined) return { kind: 'none' };
  return found({ method: asked ?? method, scheme, host: askedHost ?? host, target });
}

/**
 * The target a check names. Only for checks of trusted peers: anybody can write these headers. `scheme` counts where the
 * peer does not say any.
 */
export function askedTarget(style: CheckStyle, request: CheckRequest, fallbackScheme: string): TargetFinding {
  const told = single(request.rawHeaders, 'x-forwarded-proto');
  if (told === 'unclear') return UNCLEAR;
  const scheme = (told ?? fallbackScheme).toLowerCase();
  if (style === 'plain') return original(request, scheme);
  if (style === 'redirect') return forwarded(request, scheme);
  return found({ method: request.method, scheme, host: request.host, target: request.below });
}
