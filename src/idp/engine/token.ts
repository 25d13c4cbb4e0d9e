import type { Form } from '../../web/forms.ts';
import type { Call, ClientCall, TokenAnswer } from '../persona.ts';
import { authenticateClient } from './client-authentication.ts';
import { redeemCode } from './codes.ts';
import { issueRefreshToken, useRefreshToken } from './refresh-tokens.ts';
import { Refusal } from './refusal.ts';

/** The token endpoint: form, client, grant, in the persona's order. */
export async function answerTokenRequest(call: Call, authorization: string | undefined): Promise<TokenAnswer> {
  const policy = call.realm.persona.token;
  if (policy.kind === 'grant-only') return await findGrant(policy.grants, call.form)(call);
  const early = policy.order === 'grant-first' ? findGrant(policy.grants, call.form) : undefined;
  const proven = await authenticateClient(call, authorization);
  const { client } = proven;
  const grant = early ?? findGrant(policy.grants, call.form);
  const grantType = call.form.get('grant_type') ?? '';
  if (!client.grantTypes.includes(grantType)) throw new Refusal('grant-not-registered', { grant: grantType });
  const answer = await grant({ ...call, ...proven });
  call.realm.emit({
    event: 'idp.issued',
    persona: call.realm.persona.name,
    client: client.id,
    grant: grantType,
    kind: answer['id_token'] === undefined ? 'machine' : 'user',
  });
  return answer;
}

/** Grant `authorization_code` (RFC 6749 4.1.3). */
export async function authorizationCodeGrant(call: ClientCall): Promise<TokenAnswer> {
  const grant = await redeemCode(call, required(call, 'code'));
  const answer = await call.policy.issue({ call, grant, scope: call.form.get('scope') });
  const refreshToken = await issueRefreshToken(call, grant);
  return refreshToken === undefined ? answer : { ...answer, refresh_token: refreshToken };
}

/** Grant `refresh_token` (RFC 6749 6). */
export async function refreshTokenGrant(call: ClientCall): Promise<TokenAnswer> {
  const { given, next } = await useRefreshToken(call, required(call, 'refresh_token'), (grant) =>
    call.policy.issue({ call, grant: { ...grant, nonce: undefined }, scope: call.form.get('scope') }),
  );
  return next === undefined ? given : { ...given, refresh_token: next };
}

/** A parameter that must be there. */
export function required(call: { readonly form: Form }, parameter: string): string {
  const value = call.form.get(parameter);
  if (value === undefined) throw new Refusal('parameter-missing', { parameter });
  return value;
}

function findGrant<T>(grants: Readonly<Record<string, T>>, form: Form): T {
  const grantType = form.get('grant_type');
  if (grantType === undefined) throw new Refusal('grant-missing', { parameter: 'grant_type' });
  const grant = Object.hasOwn(grants, grantType) ? grants[grantType] : undefined;
  if (grant === undefined) throw new Refusal('grant-unsupported', { grant: grantType });
  return grant;
}
