import { stringClaim } from '../../oauth/jwt.ts';
import type { Claims } from '../../oauth/jwt.ts';
import type { Form } from '../../web/forms.ts';
import type { HttpRequest } from '../../web/http.ts';
import { isOwnForm } from './sign-in.ts';
import type { SsoSession } from './sso.ts';

const CONFIRMED = 'confirmed';
const KEPT = ['id_token_hint', 'client_id', 'post_logout_redirect_uri', 'state', 'ui_locales'];

/** Whether a person has to be asked before their session ends: no hint says that the client knows whose it is (RP-Initiated Logout 1.0 2), and they have not said yes. */
export function needsConsent(
  session: SsoSession | undefined,
  { hint, form, http }: { readonly hint: Claims | undefined; readonly form: Form; readonly http: HttpRequest },
): boolean {
  if (session === undefined) return false;
  if (hint !== undefined && stringClaim(hint, 'sid') === session.sid) return false;
  return http.method !== 'POST' || !form.has(CONFIRMED) || !isOwnForm(http);
}

/** The request as the form of the question sends it again. */
export function fieldsToConfirm(form: Form): Readonly<Record<string, string>> {
  const sent = KEPT.filter((name) => form.has(name)).map((name) => [name, form.get(name) ?? '']);
  return { ...Object.fromEntries(sent), [CONFIRMED]: '1' };
}
