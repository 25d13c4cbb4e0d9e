/** The claims by which a token says which client it was issued to; ours say it in the first. */
export const CLIENT_CLAIMS: readonly string[] = ['client_id', 'azp', 'appid', 'cid'];
