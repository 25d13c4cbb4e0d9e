/**
 * Claims that are set by us or dropped: they were meant for another audience, name another token or prove another key. Never
 * copied, never the result of a mapping, never on an allow list.
 */
export const RESERVED_CLAIMS: ReadonlySet<string> = new Set(
  (
    'iss sub aud exp iat nbf jti client_id azp appid cid idp act may_act cnf scope scp roles permissions entitlements ' +
    'authorization_details realm_access resource_access nonce at_hash c_hash s_hash token_type typ events txn ' +
    '_claim_names _claim_sources'
  ).split(' '),
);
