import { codeChallenge, isCodeVerifier } from '../../oauth/pkce.ts';
import type { ClientCall, Realm } from '../persona.ts';
import { hasMembers, keyOf, putJson, readJson } from './records.ts';
import { revokeGrant } from './refresh-tokens.ts';
import { Refusal } from './refusal.ts';
import type { CodeRecord, UserGrant } from './user-grant.ts';

const isCode = hasMembers<CodeRecord>('grant', 'redirectUri', 'expiresAt', 'used');

/** Remembers a new code. It stays for twice its life, so that a late one can be told from an unknown one. */
export async function storeCode(
  realm: Realm,
  code: string,
  record: Omit<CodeRecord, 'used' | 'expiresAt'>,
): Promise<void> {
  const lifetime = realm.persona.authorize?.codeLifetimeSeconds ?? 60;
  const whole: CodeRecord = { ...record, expiresAt: realm.now() + lifetime, used: false };
  await putJson(realm.memory, keyOf('code', code), whole, 2 * lifetime);
}

/** The grant behind a code, whoever asks. */
export async function grantOfCode(realm: Realm, code: string): Promise<UserGrant | undefined> {
  return (await readJson(realm.memory, keyOf('code', code), isCode))?.value.grant;
}

/** Redeems a code: once, by its client, with its redirect URI and verifier (RFC 6749 4.1.3, RFC 7636 4.6). Throws a Refusal. */
export async function redeemCode(call: ClientCall, code: string): Promise<UserGrant> {
  const { memory, now } = call.realm;
  const key = keyOf('code', code);
  const found = await readJson(memory, key, isCode);
  if (found === undefined) throw new Refusal('code-unknown');
  const record = found.value;
  if (record.grant.clientId !== call.client.id) throw new Refusal('code-other-client', { client: call.client.id });
  if (record.used) return await refuseUsed(call, record.grant);
  if (record.expiresAt <= now()) {
    // Late once is late for good, whatever the clock does next.
    await memory.update(key, found.version, Buffer.from(JSON.stringify({ ...record, expiresAt: 0 })));
    throw new Refusal('code-expired');
  }
  const redirectUri = call.form.get('redirect_uri');
  const leftOut = redirectUri === undefined && record.redirectLeftOut === true;
  if (redirectUri !== record.redirectUri && !leftOut) {
    throw new Refusal('code-redirect', { redirect: redirectUri ?? '', client: call.client.id });
  }
  checkVerifier(call, record);
  const marked = Buffer.from(JSON.stringify({ ...record, used: true }));
  // Of two requests with the same code exactly one writes the mark.
  if ((await memory.update(key, found.version, marked)) !== 'ok') return await refuseUsed(call, record.grant);
  return record.grant;
}

async function refuseUsed(call: ClientCall, grant: UserGrant): Promise<never> {
  if (call.policy.codeReuseRevokes) await revokeGrant(call.realm, grant.grantId);
  throw new Refusal('code-used');
}

function checkVerifier(call: ClientCall, { challenge }: CodeRecord): void {
  const verifier = call.form.get('code_verifier');
  if (challenge === undefined) {
    if (verifier === undefined) return;
    if (call.policy.superfluousVerifier === 'accepted') return;
    throw new Refusal('verifier-wrong');
  }
  if (verifier === undefined || !isCodeVerifier(verifier)) throw new Refusal('verifier-wrong');
  const derived = challenge.method === 'S256' ? codeChallenge(verifier) : verifier;
  if (derived !== challenge.value) throw new Refusal('verifier-wrong');
}
