import type { Fix } from '../../registry/decision.ts';

/** What was sent may be as long as a form; what is said about it stands in headers and logs. */
const MAX_QUOTED_CHARACTERS = 1024;

/** Everything a request can be refused for. What goes over the wire for it is the persona's own (`faults`). */
export type Problem =
  // the request as such
  | 'verb'
  | 'form-malformed'
  | 'form-content-type'
  | 'parameter-repeated'
  | 'parameter-missing'
  | 'tenant-unknown'
  | 'grant-missing'
  | 'grant-unsupported'
  | 'grant-not-registered'
  // who calls
  | 'client-missing'
  | 'client-unknown'
  | 'credential-missing'
  | 'credential-other-method'
  | 'credentials-two'
  | 'secret-wrong'
  | 'secret-expired'
  | 'credential-field-missing'
  | 'federated-unmatched'
  | 'assertion-malformed'
  | 'assertion-key-unnamed'
  | 'assertion-key-unknown'
  | 'assertion-key-old'
  | 'assertion-signature'
  | 'certificate-malformed'
  | 'certificate-refused'
  | 'certificate-of-other'
  | 'assertion-subject'
  | 'assertion-type-missing'
  | 'client-differs'
  | 'assertion-audience'
  | 'assertion-expired'
  | 'assertion-future'
  | 'assertion-life'
  | 'assertion-claim'
  | 'assertion-used'
  // authorization request
  | 'redirect-unknown'
  | 'response-type'
  | 'response-mode'
  | 'challenge-missing'
  | 'challenge-method'
  | 'challenge-cross-origin'
  | 'request-object'
  | 'request-uri-unknown'
  | 'request-uri-mixed'
  | 'request-uri-in-par'
  | 'request-uri-foreign'
  | 'pushed-required'
  | 'claims-malformed'
  | 'other-person'
  | 'prompt-mixed'
  | 'prompt-unknown'
  | 'max-age-malformed'
  | 'resource-malformed'
  | 'resource-refused'
  | 'acr-unknown'
  | 'on-behalf-of-unknown'
  | 'details-malformed'
  | 'hint-refused'
  | 'cancelled'
  | 'no-session'
  | 'session-elsewhere'
  | 'person-elsewhere'
  | 'level-too-low'
  | 'sign-in-unknown'
  | 'hint-invalid'
  | 'return-unknown'
  | 'nothing-to-end'
  | 'state-unprintable'
  // what is asked for
  | 'scope-missing'
  | 'scope-unknown'
  | 'scope-empty'
  | 'scope-no-token'
  | 'scope-no-access'
  | 'scope-other-service'
  | 'consumer-refused'
  | 'not-delegated'
  | 'pid-not-allowed'
  | 'details-type'
  | 'details-member'
  | 'details-value'
  | 'details-system-user'
  | 'scope-several-apis'
  | 'scope-several-apis-asked'
  | 'scope-not-default'
  | 'api-unknown'
  // codes, tokens, grants
  | 'code-unknown'
  | 'code-used'
  | 'code-expired'
  | 'code-other-client'
  | 'code-redirect'
  | 'verifier-wrong'
  | 'refresh-unknown'
  | 'refresh-other-client'
  | 'refresh-expired'
  | 'refresh-ended'
  | 'obo-assertion-invalid'
  | 'obo-assertion-expired'
  | 'obo-app-token'
  | 'obo-id-token'
  // policy
  | 'no-role'
  | 'no-consent'
  | 'not-assigned'
  | 'step-mfa'
  | 'step-enrol'
  | 'step-conditional-access';

/** What a refusal names: client id, scope, parameter. */
export type Values = Readonly<Record<string, string>>;

/** A request that was refused; thrown by a step, put into the persona's words by the endpoint. */
export class Refusal extends Error {
  readonly problem: Problem;
  readonly values: Values;
  /** The manifest change that would allow it, for policy. */
  readonly fix: Fix | undefined;
  constructor(problem: Problem, values: Values = {}, fix?: Fix) {
    super(problem);
    this.name = 'Refusal';
    this.problem = problem;
    this.values = values;
    this.fix = fix;
  }
}

/** What a persona answers to one problem. Status is 400 unless it says otherwise. */
export interface FaultRow {
  readonly error: string;
  readonly status?: number;
  /** The provider's own number: `501051`, `MP-250`. */
  readonly code?: string | undefined;
  readonly suberror?: string;
  /** Name of the value that holds a claims challenge, for answers that carry one. */
  readonly claims?: string;
  readonly says: (values: Values) => string;
}

/** A persona's answers. A problem without a row answers `invalid_request`. */
export type FaultTable = Readonly<Partial<Record<Problem, FaultRow>>>;

/** A refusal in a persona's words. */
export interface Fault {
  readonly problem: Problem;
  readonly error: string;
  readonly status: number;
  readonly code: string | undefined;
  readonly suberror: string | undefined;
  /** What the client is to send as `claims` with its next authorization request. */
  readonly claims?: string | undefined;
  readonly text: string;
}

/** What an error text may tell beside the problem itself. `now` in seconds. */
export interface ErrorContext {
  readonly now: number;
  readonly correlationId: string | undefined;
}

/** Looks a refusal up in a persona's table. */
export function toFault(table: FaultTable, refusal: Refusal): Fault {
  const row = table[refusal.problem];
  return {
    problem: refusal.problem,
    error: row?.error ?? 'invalid_request',
    status: row?.status ?? 400,
    code: row?.code,
    suberror: row?.suberror,
    claims: row?.claims === undefined ? undefined : refusal.values[row.claims],
    text: row?.says(printable(refusal.values)) ?? `the request was refused: ${refusal.problem.replaceAll('-', ' ')}`,
  };
}

/** What a client sent may stand in a text, but not break its line (RFC 6749 5.2) nor fill it. */
function printable(values: Values): Values {
  const quoted = Object.entries(values).map(([name, value]) => [name, quotable(value).replaceAll(/\p{Cc}+/gu, ' ')]);
  return Object.fromEntries(quoted);
}

/** A text somebody sent, short enough to be quoted. */
export function quotable(text: string): string {
  return text.length <= MAX_QUOTED_CHARACTERS ? text : `${text.slice(0, MAX_QUOTED_CHARACTERS).toWellFormed()}...`;
}
