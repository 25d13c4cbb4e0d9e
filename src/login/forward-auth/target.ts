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

/** Whether one of these headers came more than once: which of them counts would be anybody's guess. */
function isRepeated(raw: readonly string[], names: readonly string[]): boolean {
  return names.some((name) => headerValues(raw, name).length > 1);
}

function valueOf(raw: readonly string[], name: string): string | undefined {
  return headerValues(raw, name)[0];
}

function found(asked: AskedTarget): TargetFinding {
  const { target } = asked;
  // A URL may end at its host.
  const whole = target === '' || target.startsWith('?') ? `/${target}` : target;
  return { kind: 'target', asked: { ...asked, host: asked.host.toLowerCase(), target: whole } };
}

/**
 * nginx, ingress-nginx and HAProxy: `X-Original-URL`, or `-URI` on the host of the check, and `X-Original-Method`. Where the
 * two name different targets, one of them is the client's own, which the outer proxy let through.
 */
function original({ rawHeaders: raw, host, method: own }: CheckRequest, scheme: string): TargetFinding {
  if (isRepeated(raw, ['x-original-url', 'x-original-uri', 'x-original-method'])) return UNCLEAR;
  const url = valueOf(raw, 'x-original-url');
  const uri = valueOf(raw, 'x-original-uri');
  const method = valueOf(raw, 'x-original-method') ?? own;
  if (url === undefined) return uri === undefined ? { kind: 'none' } : found({ method, scheme, host, target: uri });
  const [, urlScheme = '', urlHost = '', target = ''] = ABSOLUTE.exec(url) ?? [];
  if (urlHost === '' || (uri !== undefined && uri !== target)) return UNCLEAR;
  return found({ method, scheme: urlScheme.toLowerCase(), host: urlHost, target });
}

/** Traefik and Caddy: `X-Forwarded-Method`, `-Proto`, `-Host` and `-Uri`. */
function forwarded({ rawHeaders: raw, host, method }: CheckRequest, scheme: string): TargetFinding {
  if (isRepeated(raw, ['x-forwarded-uri', 'x-forwarded-method', 'x-forwarded-host'])) return UNCLEAR;
  const target = valueOf(raw, 'x-forwarded-uri');
  if (target === undefined) return { kind: 'none' };
  return found({
    method: valueOf(raw, 'x-forwarded-method') ?? method,
    scheme,
    host: valueOf(raw, 'x-forwarded-host') ?? host,
    target,
  });
}

/**
 * The target a check names. Only for checks of trusted peers: anybody can write these headers. `scheme` counts where the
 * peer does not say any.
 */
export function askedTarget(style: CheckStyle, request: CheckRequest, fallbackScheme: string): TargetFinding {
  if (isRepeated(request.rawHeaders, ['x-forwarded-proto'])) return UNCLEAR;
  const scheme = (valueOf(request.rawHeaders, 'x-forwarded-proto') ?? fallbackScheme).toLowerCase();
  if (style === 'plain') return original(request, scheme);
  if (style === 'redirect') return forwarded(request, scheme);
  return found({ method: request.method, scheme, host: request.host, target: request.below });
}
