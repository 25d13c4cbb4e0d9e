/** What a failed token request means to the one who asked (providers.md 2.5). */
export type RefusalKind = 'transient' | 'policy' | 'credential' | 'reauth' | 'request';

/** An OAuth error answer, as far as it was readable. `body` is the parsed JSON object. */
export interface RefusalFacts {
  readonly status: number;
  readonly error: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** Whether the grant spoke for a user: only a user can sign in again. */
  readonly forUser: boolean;
}

const POLICY_NUMBERS: ReadonlySet<string> = new Set(['501051', '65001', '50105', 'MP-250', 'MP-251']);
const CREDENTIAL_NUMBERS: ReadonlySet<string> = new Set(['7000215', '7000222', '700027', '50027', '700213', 'MP-100']);
const MP_12X = /^MP-12\d$/;
const POLICY_ERRORS: ReadonlySet<string> = new Set(['forbidden', 'access_denied', 'invalid_target']);
const REAUTH_ERRORS: ReadonlySet<string> = new Set(['interaction_required', 'login_required', 'consent_required']);
const TRANSIENT_ERRORS: ReadonlySet<string> = new Set(['temporarily_unavailable', 'server_error']);

/** The numbers Entra (`error_codes`) and Maskinporten (last part of `error_uri`) add to an error. */
function numbersOf(body: Readonly<Record<string, unknown>>): readonly string[] {
  const codes: unknown = body['error_codes'];
  const entra = Array.isArray(codes) ? codes.filter((code) => typeof code === 'number').map(String) : [];
  const uri = body['error_uri'];
  const last = typeof uri === 'string' ? uri.slice(uri.lastIndexOf('/') + 1) : '';
  return last.startsWith('MP-') ? [...entra, last] : entra;
}

/** Classes a refusal by status, `error` and provider numbers; never by its text. */
export function refusalKind({ status, error, body, forUser }: RefusalFacts): RefusalKind {
  const numbers = numbersOf(body);
  if (numbers.some((number) => POLICY_NUMBERS.has(number))) return 'policy';
  if (error === 'invalid_client') return 'credential';
  if (numbers.some((number) => CREDENTIAL_NUMBERS.has(number) || MP_12X.test(number))) return 'credential';
  if (status >= 500 || status === 429 || status === 408 || TRANSIENT_ERRORS.has(error)) return 'transient';
  if (POLICY_ERRORS.has(error)) return 'policy';
  if (REAUTH_ERRORS.has(error)) return 'reauth';
  if (error === 'invalid_grant') return forUser ? 'reauth' : 'policy';
  return 'request';
}
