import type { OpenidClient } from '../clients/openid-client.ts';
import type { RegistrationProblem } from '../clients/registration-problem.ts';
import type { GenericSettings } from './generic-settings.ts';
import { OIDF_BASIC } from './oidf-basic.ts';
import { OIDF_CC } from './oidf-cc.ts';
import { OIDF_FAPI2 } from './oidf-fapi2.ts';
import { OPENID } from './openid.ts';

const GENERICS: readonly GenericSettings[] = [OPENID, OIDF_BASIC, OIDF_FAPI2, OIDF_CC];

/** A client as a generic persona takes it on: what it left open is decided, and what the persona has not is a problem. */
export function settleClient(
  persona: string,
  client: OpenidClient,
):
  | { readonly ok: true; readonly client: OpenidClient }
  | { readonly ok: false; readonly problems: readonly RegistrationProblem[] } {
  const settings = GENERICS.find(({ name }) => name === persona);
  if (settings === undefined) return { ok: true, client };
  const problems = notOffered(settings, client);
  if (problems.length > 0) return { ok: false, problems };
  const idTokenAlg = client.idTokenAlg ?? settings.signingAlgorithms[0];
  const accessTokenAlg = client.accessTokenAlg ?? idTokenAlg;
  return { ok: true, client: { ...client, idTokenAlg, accessTokenAlg } };
}

function notOffered(settings: GenericSettings, client: OpenidClient): readonly RegistrationProblem[] {
  const { signingAlgorithms, authMethods, grantTypes } = settings;
  return [
    ...judge('id_token_signed_response_alg', client.idTokenAlg, signingAlgorithms),
    ...judge('access_token_signed_response_alg', client.accessTokenAlg, signingAlgorithms),
    ...judge('token_endpoint_auth_method', client.authMethod, authMethods),
    ...client.grantTypes.flatMap((grant, index) => judge(`grant_types.${index}`, grant, grantTypes)),
  ];
}

function judge(path: string, value: string | undefined, offered: readonly string[]): readonly RegistrationProblem[] {
  if (value === undefined || offered.includes(value)) return [];
  return [{ path, message: `${value} is not offered here, but ${offered.join(', ')}` }];
}
