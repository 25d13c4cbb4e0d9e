/** Why a token was refused: a closed list, in the order in which the checks are made. */
export type JoseErrorCode =
  | 'token_missing'
  | 'token_too_large'
  | 'token_malformed'
  | 'header_refused'
  | 'type_refused'
  | 'algorithm_refused'
  | 'key_id_missing'
  | 'keys_unavailable'
  | 'key_unknown'
  | 'signature_invalid'
  | 'claim_missing'
  | 'claim_invalid'
  | 'token_expired'
  | 'token_not_yet_valid'
  | 'issuer_unknown'
  | 'audience_mismatch'
  | 'lifetime_exceeded';

/** A refused token. The message never quotes the token; `claim` names the claim at fault, where one is. */
export class JoseError extends Error {
  override readonly name: string = 'JoseError';
  readonly code: JoseErrorCode;
  readonly claim?: string;

  constructor(
    code: JoseErrorCode,
    message: string,
    detail: { readonly claim?: string; readonly cause?: unknown } = {},
  ) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    if (detail.claim !== undefined) this.claim = detail.claim;
  }
}
