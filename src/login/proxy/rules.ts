/** Who must sign in where: an ordered list of rules, the first that fits decides. Pure. */
import type { Glob } from './glob.ts';
import { compileGlob } from './glob.ts';
import type { CanonicalPath } from './path.ts';

/** How writes to the application are guarded against other sites. */
export type CsrfGuard = 'off' | 'fetch-metadata' | 'header';

/** `enforce`: login demanded. `optional`: a session is attached if there is one. `exempt`: never demands login. */
type LoginDemand = 'enforce' | 'optional' | 'exempt';

/** A rule as the operator writes it. */
export interface RuleSetting {
  readonly path: string;
  readonly methods?: readonly string[];
  readonly hosts?: readonly string[];
  readonly login?: LoginDemand;
  readonly authorization?: 'strip' | 'pass';
  readonly preflight?: 'refuse' | 'upstream';
  /** Whose session the request uses; absent: the default provider's, else the only one there is. */
  readonly provider?: string;
  /** Level the session must have. */
  readonly acr?: string;
  /** Longest time since the user signed in. */
  readonly maxAgeSeconds?: number;
  readonly csrf?: CsrfGuard;
}

/** What a rule says about a request. */
export interface Rule {
  readonly login: LoginDemand;
  readonly authorization: 'strip' | 'pass';
  readonly preflight: 'refuse' | 'upstream';
  readonly provider?: string;
  readonly acr?: string;
  readonly maxAgeSeconds?: number;
  /** Absent: what the instance's setting says. */
  readonly csrf?: CsrfGuard;
}

interface CompiledRule extends Rule {
  readonly glob: Glob;
  readonly methods: readonly string[] | undefined;
  readonly hosts: readonly string[] | undefined;
}

/** Compiled rules in the order they are asked. */
export interface RuleBook {
  readonly rules: readonly CompiledRule[];
}

const ALWAYS_EXEMPT: readonly string[] = ['/favicon.ico', '/robots.txt'];
const LAX_PATH_RULE: Rule = { login: 'enforce', authorization: 'strip', preflight: 'refuse' };

function compileRule(setting: RuleSetting, fallback: LoginDemand): CompiledRule {
  return {
    glob: compileGlob(setting.path),
    methods: setting.methods?.map((method) => method.toUpperCase()),
    hosts: setting.hosts?.map((host) => host.toLowerCase()),
    login: setting.login ?? fallback,
    authorization: setting.authorization ?? 'strip',
    preflight: setting.preflight ?? 'refuse',
    ...(setting.provider === undefined ? {} : { provider: setting.provider }),
    ...(setting.acr === undefined ? {} : { acr: setting.acr }),
    ...(setting.maxAgeSeconds === undefined ? {} : { maxAgeSeconds: setting.maxAgeSeconds }),
    ...(setting.csrf === undefined ? {} : { csrf: setting.csrf }),
  };
}

/** Compiles the configured rules, the ignored paths and the built-in ones; throws an Error naming a bad pattern. */
export function compileRules(settings: {
  readonly rules: readonly RuleSetting[];
  readonly ignorePaths: readonly string[];
  readonly autoLogin: boolean;
}): RuleBook {
  const fallback: LoginDemand = settings.autoLogin ? 'enforce' : 'optional';
  const exempt = [...settings.ignorePaths, ...ALWAYS_EXEMPT];
  return {
    rules: [
      ...settings.rules.map((rule) => compileRule(rule, fallback)),
      ...exempt.map((path) => compileRule({ path, login: 'exempt' }, fallback)),
      compileRule({ path: '/**' }, fallback),
    ],
  };
}

function opens({ login, authorization, preflight }: Rule): boolean {
  return login !== 'enforce' || authorization === 'pass' || preflight === 'upstream';
}

/** The rule for a request. A path that needed `path.allow` is always enforced: laxness opens nothing. */
export function ruleFor(
  book: RuleBook,
  request: { readonly path: CanonicalPath; readonly method: string; readonly host: string },
): Rule {
  if (request.path.lax) return LAX_PATH_RULE;
  const host = request.host.toLowerCase();
  for (const rule of book.rules) {
    if (rule.methods !== undefined && !rule.methods.includes(request.method)) continue;
    if (rule.hosts !== undefined && !rule.hosts.includes(host)) continue;
    if (!rule.glob.matches(request.path.segments)) continue;
    // Not every application decodes before it routes: `/allow%65d` may be another path there than `/allowed`.
    if (!opens(rule) || rule.glob.matchesSpelling(request.path.raw)) return rule;
  }
  return LAX_PATH_RULE;
}
