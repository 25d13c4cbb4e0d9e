/** How a client proves itself at the token endpoint (RFC 7591 2, `token_endpoint_auth_method`). */
export type AuthMethod = 'private_key_jwt' | 'client_secret_basic' | 'client_secret_post' | 'none';
