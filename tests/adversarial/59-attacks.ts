import { MARK, SHORT_TOKEN, STRANGER, TOKEN } from './59-marks.ts';

/** Fields that hold secrets. */
export const SECRET_FIELDS = [
  'token',
  'subject_token',
  'actor_token',
  'client_assertion',
  'assertion',
  'code',
  'code_verifier',
  'refresh_token',
  'client_secret',
  'id_token_hint',
  'logout_token',
  'nonce',
  'state',
  'pid',
  'person',
  'username',
  'password',
  'user_token',
  'access_token',
] as const;
/** Fields whose values may be told, but not when a secret was put there by mistake. */
export const OPEN_FIELDS = [
  'client_id',
  'audience',
  'target',
  'scope',
  'redirect_uri',
  'resource',
  'identity_provider',
  'login_hint',
] as const;
/** Every grant anybody knows. */
export const GRANTS = [
  'urn:ietf:params:oauth:grant-type:token-exchange',
  'urn:ietf:params:oauth:grant-type:jwt-bearer',
  'authorization_code',
  'refresh_token',
  'client_credentials',
  'password',
] as const;

interface Form {
  readonly body: string;
  readonly shown: boolean;
}

/** Forms in which every field that is secret is a canary of some kind, and those in which every other field is one too. */
export function forms(): readonly Form[] {
  return GRANTS.flatMap((grant) =>
    [MARK, TOKEN, STRANGER].flatMap((value) =>
      [true, false]
        .filter((shown) => shown || value !== MARK)
        .map((shown) => {
          const form = new URLSearchParams({ grant_type: grant });
          for (const name of SECRET_FIELDS) form.set(name, value);
          // Whose name is asked for is told back by some; that they are in no log holds for these too.
          for (const name of OPEN_FIELDS) form.set(name, shown ? 'x' : value);
          return { body: form.toString(), shown };
        }),
    ),
  );
}

const CORRELATIONS = [SHORT_TOKEN, STRANGER, `${STRANGER}.${SHORT_TOKEN}`];

/** A reference that somebody chose stands on the page: there it is a good one. */
export function headers(round: number, shown = false): Readonly<Record<string, string>> {
  return {
    cookie: `__Host-fullmakt.session=${MARK}; fullmakt.session=${TOKEN}; fm_idporten_sso=${MARK}; other=${STRANGER}`,
    authorization:
      [`Bearer ${MARK}`, `Bearer ${TOKEN}`, `Basic ${Buffer.from(`${MARK}:${MARK}`).toString('base64')}`][round % 3] ??
      '',
    'x-correlation-id': (shown ? undefined : CORRELATIONS[round % 3]) ?? 'a-reference',
    dpop: TOKEN,
    'x-pid': STRANGER,
  };
}
