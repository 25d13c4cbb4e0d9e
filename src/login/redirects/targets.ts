/** Where this instance may send people, by its role. Pure. */
import type { LoginConfig } from '../config.ts';
import type { RedirectBase } from './redirect.ts';
import { checkedTarget, fallbackTarget } from './redirect.ts';
import { domainTarget } from '../sso/domain-target.ts';

/** Judges every target of a login or logout; nobody is sent anywhere else. */
export interface Targets {
  /** The target meant by `input` for people at this ingress; undefined when they may not be sent there. */
  checked(input: string | undefined, base: RedirectBase): string | undefined;
  /** The same, or where to go instead. */
  safe(input: string | undefined, base: RedirectBase): string;
  /** Where to go without a target: also what pages call home. */
  fallback(base: RedirectBase): string;
}

/** What the targets of an instance depend on. */
type TargetSettings = Pick<LoginConfig, 'role' | 'sso' | 'pathAllow'>;

function judged(
  check: (input: string, base: RedirectBase) => string | undefined,
  fallback: (base: RedirectBase) => string,
): Targets {
  const checked: Targets['checked'] = (input, base) => (input === undefined ? undefined : check(input, base));
  return { checked, fallback, safe: (input, base) => checked(input, base) ?? fallback(base) };
}

/**
 * The targets of a role: beside one application, its own paths; at the server of a single sign-on, URLs within the domain;
 * at its proxies, their own paths as absolute URLs, for the server to send people back to.
 */
export function createTargets({ role, sso, pathAllow }: TargetSettings): Targets {
  const local = (input: string, base: RedirectBase): string | undefined => checkedTarget(input, base, pathAllow);
  if (sso === undefined || role === 'standalone') return judged(local, fallbackTarget);
  if (role === 'sso-proxy') {
    return judged(
      (input, base) => {
        const target = local(input, base);
        return target === undefined ? undefined : domainTarget(base.origin + target, sso.domain, pathAllow);
      },
      (base) => base.origin + fallbackTarget(base),
    );
  }
  return judged(
    (input) => domainTarget(input, sso.domain, pathAllow),
    (base) => sso.defaultRedirectUrl ?? fallbackTarget(base),
  );
}
