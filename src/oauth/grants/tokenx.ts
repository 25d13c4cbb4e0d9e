import { CLIENT_ASSERTION_TYPE, GRANT, TOKEN_TYPE } from '../client-assertion.ts';

/** Token exchange at TokenX (RFC 8693 2.1); the assertion names the client, so no `client_id` is sent. */
export function tokenxExchangeForm(
  clientAssertion: string,
  audience: string,
  subjectToken: string,
): Readonly<Record<string, string>> {
  return {
    grant_type: GRANT.tokenExchange,
    client_assertion: clientAssertion,
    client_assertion_type: CLIENT_ASSERTION_TYPE,
    subject_token_type: TOKEN_TYPE.jwt,
    subject_token: subjectToken,
    audience,
  };
}
