/** Who must sign in where: an ordered list of rules, the first that fits decides. Pure. */
import { satisfiesLevel } from '../../providers/levels.ts';
import type { Glob } from './glob.ts';
import { compileGlob } from './glob.ts';
import type { CanonicalPath } from './path.ts';
import { readingsOf } from './path.ts';

/** How writes to the application are guarded against other sites. */
export type CsrfGuard = 'off' | 'fetch-metadata' | 'header';

/** All of them, the weakest first. */
export const CSRF_GUARDS: readonly CsrfGuard[] = ['off', 'fetch-metadata', 'header'];

/** `enforce`: login demanded. `optional`: a session is attached if there is one. `exempt`: never demands login. */
type LoginDemand = 'enforce' | 'optional' | 'exempt';

/** A rule as the operator writes it. */
export interface RuleSetting {
  readonly path: string;
  /** GET stands for HEAD too. */
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

/** What a rule demands of the session a request uses. */
export interface Demands {
  readonly provider?: string | undefined;
  /** All of them; usually none or one. */
  readonly levels: readonly string[];
  readonly maxAgeSeconds?: number | undefined;
}

/** What a rule says about a request. */
export interface Rule extends Demands {
  readonly login: LoginDemand;
  readonly authorization: 'strip' | 'pass';
  readonly preflight: 'refuse' | 'upstream';
  readonly csrf: CsrfGuard;
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

/** The request a rule is wanted for. */
export interface RuleQuestion {
  readonly path: CanonicalPath;
  readonly method: string;
  /** Lower-case. */
  readonly host: string;
}

const ALWAYS_EXEMPT: readonly string[] = ['/favicon.ico', '/robots.txt'];
const STRICT: Rule = { login: 'enforce', authorization: 'strip', preflight: 'refuse', levels: [], csrf: 'off' };

/** Applications answer HEAD as they answer GET, most of them without being asked to. */
function methodsOf(listed: readonly string[]): readonly string[] {
  const methods = listed.map((method) => method.toUpperCase());
  return methods.includes('GET') ? [...methods, 'HEAD'] : methods;
}

function compileRule(setting: RuleSetting, fallback: { login: LoginDemand; csrf: CsrfGuard }): CompiledRule {
  return {
    glob: compileGlob(setting.path),
    methods: setting.methods && methodsOf(setting.methods),
    hosts: setting.hosts?.map((host) => host.toLowerCase()),
    login: setting.login ?? fallback.login,
    authorization: setting.authorization ?? 'strip',
    preflight: setting.preflight ?? 'refuse',
    provider: setting.provider,
    levels: setting.acr === undefined ? [] : [setting.acr],
    maxAgeSeconds: setting.maxAgeSeconds,
    csrf: setting.csrf ?? fallback.csrf,
  };
}

/** Compiles the configured rules, the ignored paths and the built-in ones; throws an Error naming a bad pattern. */
export function compileRules(settings: {
  readonly rules: readonly RuleSetting[];
  readonly ignorePaths: readonly string[];
  readonly autoLogin: boolean;
  /** The guard of rules that name none; `off` unless given. */
  readonly csrf?: CsrfGuard;
}): RuleBook {
  const fallback = { login: settings.autoLogin ? 'enforce' : 'optional', csrf: settings.csrf ?? 'off' } as const;
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

/** The first rule for these segments; with `spelling`, rules that open something have to fit the undecoded path too. */
function firstRule(
  { rules }: RuleBook,
  { method, host }: RuleQuestion,
  read: { readonly segments: readonly string[]; readonly spelling?: string },
): Rule | undefined {
  for (const rule of rules) {
    if (rule.methods !== undefined && !rule.methods.includes(method)) continue;
    if (rule.hosts !== undefined && !rule.hosts.includes(host)) continue;
    if (!rule.glob.matches(read.segments)) continue;
    if (read.spelling === undefined || !opens(rule) || rule.glob.matchesSpelling(read.spelling)) return rule;
  }
  return undefined;
}

/** Of two levels the higher one; both where they have no order. */
function addLevel(levels: readonly string[], level: string): readonly string[] {
  if (levels.some((one) => satisfiesLevel(level, one))) return levels;
  return [...levels.filter((one) => !satisfiesLevel(one, level)), level];
}

function stricter(rule: Rule, other: Rule): Rule {
  const ages = [rule.maxAgeSeconds, other.maxAgeSeconds].filter((age) => age !== undefined);
  return {
    ...rule,
    provider: rule.provider ?? other.provider,
    levels: other.levels.reduce(addLevel, rule.levels),
    maxAgeSeconds: ages.length === 0 ? undefined : Math.min(...ages),
    csrf: CSRF_GUARDS[Math.max(CSRF_GUARDS.indexOf(rule.csrf), CSRF_GUARDS.indexOf(other.csrf))] ?? 'header',
  };
}

/**
 * The rule for a request. A path that needed `path.allow` is always enforced, with the demands of every rule that one
 * of its readings falls under: laxness opens nothing.
 */
export function ruleFor(book: RuleBook, request: RuleQuestion): Rule {
  const { path } = request;
  if (path.lax) {
    const read = readingsOf(path).map((segments) => firstRule(book, request, { segments }));
    return read.filter((rule) => rule !== undefined).reduce(stricter, STRICT);
  }
  const rule = firstRule(book, request, { segments: path.segments });
  if (rule === undefined) return STRICT;
  if (!path.encoded || !opens(rule)) return rule;
  // Not every application decodes before it routes: `/allow%65d` may be another path there than `/allowed`.
  const spelt = firstRule(book, request, { segments: path.segments, spelling: path.raw }) ?? STRICT;
  return spelt === rule ? rule : stricter(spelt, rule);
}
