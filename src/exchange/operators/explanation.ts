import { OAuthError } from '../../oauth/errors.ts';
import { decide } from '../../registry/decide.ts';
import type { Decision, DenyReason } from '../../registry/decide.ts';
import type { Fix } from '../../registry/decision.ts';
import type { Snapshot, SourcePosition } from '../../registry/model.ts';
import { audienceSettings } from '../issue/audience-settings.ts';
import { scopeOf } from '../issue/choose-scope.ts';
import type { ExchangeContext } from '../context.ts';
import { situationOf } from '../errors.ts';
import type { Situation } from '../errors.ts';
import { grantFix, issuerFix, scopeFix } from './explanation-fixes.ts';
import { mayUseGrant } from '../request/grant.ts';
import type { GrantName } from '../request/grant.ts';
import type { Edge } from '../request/token-request.ts';

/** May the caller have a token for the target, for a user of this issuer, with these scopes? */
export interface ExplainQuestion {
  readonly caller: string;
  readonly target: string;
  /** Absent: the user's issuer is left out of it. */
  readonly subjectIssuer?: string | undefined;
  readonly scope?: string | undefined;
  readonly grant: GrantName;
}

/** One thing that was looked at. */
interface Check {
  readonly step: string;
  readonly ok: boolean;
  readonly seen: string;
}

/** The answer, with everything looked at up to the first failure. */
export interface Explanation {
  readonly decision: 'allow' | 'deny';
  readonly reason: 'allowed' | DenyReason | Situation;
  readonly version: number;
  readonly checks: readonly Check[];
  readonly rules: readonly SourcePosition[];
  readonly scopes?: readonly string[];
  readonly fix?: Fix;
}

interface Denial {
  readonly reason: DenyReason | Situation;
  readonly fix?: Fix | undefined;
}

interface Finding {
  readonly check: Check;
  readonly denial?: Denial;
  readonly scopes?: readonly string[] | undefined;
}

type World = Pick<ExchangeContext, 'config' | 'issuers'> & { readonly snapshot: Snapshot };

/** Decides as the token endpoint does, by the same functions in the same order, and says what was seen on the way. */
export function explain(question: ExplainQuestion, world: World): Explanation {
  const { snapshot } = world;
  const { caller, target, grant } = question;
  const flow = grant === 'token-exchange' ? 'exchange' : grant;
  const decision = decide({ consumer: caller, target, provider: 'tokenx', flow }, snapshot);
  const findings: Finding[] = [grantFinding(question, snapshot), ...ruleFindings(question, decision, snapshot)];
  if (decision.allow) findings.push(...tokenFindings(question, decision, world));
  const failed = findings.findIndex(({ denial }) => denial !== undefined);
  const seen = failed === -1 ? findings : findings.slice(0, failed + 1);
  const denial = seen.at(-1)?.denial;
  const scopes = findings.at(-1)?.scopes;
  return {
    decision: denial === undefined ? 'allow' : 'deny',
    reason: denial?.reason ?? 'allowed',
    version: snapshot.version,
    checks: seen.map(({ check }) => check),
    rules: decision.allow ? decision.rules : [],
    ...(denial === undefined && scopes !== undefined ? { scopes } : {}),
    ...(denial?.fix === undefined ? {} : { fix: denial.fix }),
  };
}

function grantFinding({ caller, grant }: ExplainQuestion, snapshot: Snapshot): Finding {
  const known = snapshot.clientOf(caller, 'tokenx') !== undefined;
  if (!known || mayUseGrant(caller, grant, snapshot)) {
    return { check: { step: 'grant', ok: true, seen: grant } };
  }
  const check = { step: 'grant', ok: false, seen: `${caller} may not use ${grant}` };
  return { check, denial: { reason: 'grant-not-allowed', fix: grantFix(caller, grant, snapshot) } };
}

/** The steps of the one decision, in its order, and which of its reasons each gives. */
const STEPS: readonly { readonly step: string; readonly reasons: readonly DenyReason[] }[] = [
  { step: 'target', reasons: ['target-unknown', 'target-disabled'] },
  { step: 'target-provider', reasons: ['target-provider-off'] },
  { step: 'caller', reasons: ['consumer-unknown', 'consumer-disabled', 'consumer-provider-off'] },
  { step: 'rule', reasons: ['no-rule', 'wildcard-network-only', 'user-not-in-groups'] },
];

function ruleFindings(question: ExplainQuestion, decision: Decision, snapshot: Snapshot): readonly Finding[] {
  const findings: Finding[] = [];
  for (const { step, reasons } of STEPS) {
    const denied = !decision.allow && reasons.includes(decision.reason);
    const check = { step, ok: !denied, seen: seenAt(step, question, { decision, snapshot }) };
    findings.push(denied ? { check, denial: decision } : { check });
    if (denied) break;
  }
  return findings;
}

function seenAt(
  step: string,
  { caller, target }: ExplainQuestion,
  { decision, snapshot }: { readonly decision: Decision; readonly snapshot: Snapshot },
): string {
  const stateOf = (app: string): string => snapshot.app(app)?.state ?? 'not registered';
  const clientOf = (app: string): string => {
    const client = snapshot.clientOf(app, 'tokenx');
    return client === undefined ? 'TokenX is off' : `TokenX client ${client.state}`;
  };
  switch (step) {
    case 'target':
      return `${target}: ${stateOf(target)}`;
    case 'target-provider':
      return `${target}: ${clientOf(target)}`;
    case 'caller':
      return `${caller}: ${stateOf(caller)}, ${clientOf(caller)}`;
    default:
      return seenOfRules(decision, snapshot.grantsFor(target).length);
  }
}

function seenOfRules(decision: Decision, count: number): string {
  if (decision.allow) return decision.rules.map(({ file, line, path }) => `${path} in ${file}:${line}`).join(', ');
  if (decision.reason === 'wildcard-network-only') return 'only a rule with * matches, and such a rule gives no token';
  return `none of ${count} inbound rules names the caller`;
}

/** What is asked of the token itself, once the edge is there. */
function tokenFindings(question: ExplainQuestion, edge: Edge, world: World): readonly Finding[] {
  const scope = scopeFinding(question, edge, world);
  const { subjectIssuer } = question;
  if (question.grant === 'client_credentials' || subjectIssuer === undefined) return [scope];
  return [trustFinding(subjectIssuer, world), admissionFinding({ ...question, subjectIssuer }, edge, world), scope];
}

function trustFinding(subjectIssuer: string, { issuers }: World): Finding {
  const issuer = issuers.find(subjectIssuer);
  const seen = issuer === undefined ? 'not trusted' : issuer === 'starting' ? 'its keys are not here yet' : 'trusted';
  const check = { step: 'subject-issuer', ok: issuer !== undefined, seen: `${subjectIssuer}: ${seen}` };
  return issuer === undefined ? { check, denial: { reason: 'subject-issuer' } } : { check };
}

function admissionFinding(
  { target, subjectIssuer }: ExplainQuestion & { readonly subjectIssuer: string },
  edge: Edge,
  { issuers, snapshot }: World,
): Finding {
  const issuer = issuers.find(subjectIssuer);
  const names = typeof issuer === 'object' ? [subjectIssuer, issuer.rules.name] : [subjectIssuer];
  const ok = edge.issuers === undefined || edge.issuers.some((admitted) => names.includes(admitted));
  const seen = edge.issuers === undefined ? 'every trusted issuer' : edge.issuers.join(', ');
  const check = { step: 'target-issuer', ok, seen: `${target} takes users of ${seen}` };
  if (ok) return { check };
  return { check, denial: { reason: 'target-issuer', fix: issuerFix(target, subjectIssuer, snapshot) } };
}

function scopeFinding({ target, scope: requested }: ExplainQuestion, edge: Edge, world: World): Finding {
  const { config, snapshot } = world;
  const settings = audienceSettings(snapshot.clientOf(target, 'tokenx'), config);
  const seen = edge.scopes.length === 0 ? 'no scopes are granted' : `granted: ${edge.scopes.join(' ')}`;
  try {
    const { granted } = scopeOf({ app: target, edge, settings }, { requested, limit: undefined, snapshot });
    return { check: { step: 'scope', ok: true, seen }, scopes: granted };
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    const check = { step: 'scope', ok: false, seen };
    return { check, denial: { reason: situationOf(error), fix: scopeFix(requested ?? '', target, edge, snapshot) } };
  }
}
