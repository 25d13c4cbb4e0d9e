import type { FaultName } from './refused-grant.ts';
import type { ProofFault } from './proof.ts';

type Names = { readonly [code in ProofFault['code']]?: FaultName };

const UNREADABLE: FaultName = { error: 'invalid_request', number: '50027' };
const UNPROVEN: FaultName = { error: 'invalid_client', number: '700027' };
const OUTSIDE_ITS_LIFE: FaultName = { error: 'invalid_client', number: '700024' };

const ENTRA_ASSERTION: Names = {
  token_malformed: UNREADABLE,
  token_too_large: UNREADABLE,
  header_refused: UNREADABLE,
  key_id_missing: UNREADABLE,
  algorithm_refused: UNREADABLE,
  key_unknown: UNPROVEN,
  signature_invalid: UNPROVEN,
  issuer_unknown: { error: 'invalid_client', number: '700021' },
  audience_mismatch: { error: 'invalid_client', number: '700023' },
  token_expired: OUTSIDE_ITS_LIFE,
  token_not_yet_valid: OUTSIDE_ITS_LIFE,
  claim_missing: { error: 'invalid_request', number: '90014' },
  subject_mismatch: { error: 'invalid_request', number: '50048' },
};

/** What Entra ID calls a fault of a client assertion. */
export function entraAssertionFault({ code }: ProofFault): FaultName {
  return ENTRA_ASSERTION[code] ?? { error: 'invalid_client' };
}

/** What Entra ID calls a fault of the token of a user (On-Behalf-Of). */
export function entraUserFault({ code }: ProofFault): FaultName {
  return { error: 'invalid_grant', number: code === 'token_expired' ? '500133' : '50013' };
}

const UNUSABLE: FaultName = { error: 'invalid_request', number: 'MP-011' };

const MASKINPORTEN: Names = {
  token_malformed: UNUSABLE,
  token_too_large: UNUSABLE,
  header_refused: UNUSABLE,
  algorithm_refused: UNUSABLE,
  claim_invalid: UNUSABLE,
  issuer_unknown: { error: 'invalid_grant', number: 'MP-100' },
  signature_invalid: { error: 'invalid_grant', number: 'MP-124' },
  audience_mismatch: { error: 'invalid_grant', number: 'MP-110' },
  token_expired: { error: 'invalid_grant', number: 'MP-130' },
  assertion_used: { error: 'invalid_grant', number: 'MP-012' },
};

/** What Maskinporten calls a fault of the assertion that is the grant. */
export function maskinportenFault({ code, claim }: ProofFault): FaultName {
  if (code === 'claim_missing' && claim === 'scope') return { error: 'invalid_scope', number: 'MP-200' };
  return MASKINPORTEN[code] ?? { error: 'invalid_grant' };
}
