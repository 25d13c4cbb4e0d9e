import assert from 'node:assert/strict';
import test from 'node:test';
import { setImmediate as tick } from 'node:timers/promises';
import type { Fetch } from '../../oauth/fetch.ts';
import { createLoginClient } from '../../providers/login-client.ts';
import { createMemoryStore } from '../../store/memory.ts';
import type { Store } from '../../store/store.ts';
import { createSealer } from '../../web/seal.ts';
import { createBackground } from '../background.ts';
import { readLoginConfig } from '../config.ts';
import type { LoginConfig } from '../config.ts';
import { endSession, revokeBehind } from './present-session.ts';
import type { SessionRecord } from './record.ts';
import { createSiblings } from '../siblings.ts';
import { createTargets } from '../redirects/targets.ts';
import { createRefresher } from './refresh.ts';
import { createTimes } from './times.ts';
import { createSessions } from './sessions.ts';
import { compileRules } from '../proxy/rules.ts';
import { createTicket, recordKey } from './ticket.ts';

const ISSUER = 'https://idp.test';
const START = 1_800_000_000;
const ROUNDS = 400;

function configOf(): LoginConfig {
  const read = readLoginConfig({
    FULLMAKT_LOGIN_INGRESS: 'https://app.test',
    FULLMAKT_LOGIN_OPENID_CLIENT_ID: 'client-1',
    FULLMAKT_LOGIN_OPENID_CLIENT_SECRET: 'secret',
    FULLMAKT_LOGIN_OPENID_WELL_KNOWN_URL: `${ISSUER}/.well-known/openid-configuration`,
    FULLMAKT_LOGIN_SESSION_KEYS: Buffer.alloc(32, 1).toString('base64'),
  });
  assert.ok(read.ok);
  return read.config;
}

/** Numbers from 0 to below `limit`, the same for the same seed. */
function randomOf(seed: number): (limit: number) => number {
  let state = seed + 1;
  return (limit) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % limit;
  };
}

function now(): number {
  return START + 3601;
}

/** One proxy whose every step at the store or the provider takes a random number of turns of the event loop. */
function jitteryProxy(config: LoginConfig, random: (limit: number) => number) {
  const seen = { issued: new Set<string>(), revoked: new Set<string>() };
  async function turns(limit: number = 4): Promise<void> {
    for (let left = random(limit); left > 0; left -= 1) await tick();
  }
  const inner = createMemoryStore({ now });
  const store = new Proxy<Store>(inner, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function' || name === 'subscribe') return member;
      return async (...args: unknown[]): Promise<unknown> => {
        await turns();
        const result: unknown = await Reflect.apply(member, target, args);
        await turns();
        return result;
      };
    },
  });
  const fetch: Fetch = async (url, init) => {
    await turns();
    const endpoints = ['authorization', 'token', 'revocation'].map((name) => [`${name}_endpoint`, `${ISSUER}/${name}`]);
    if (url.includes('.well-known'))
      return Response.json({ issuer: ISSUER, jwks_uri: `${ISSUER}/jwks`, ...Object.fromEntries(endpoints) });
    const form = new URLSearchParams(typeof init?.body === 'string' ? init.body : '');
    if (url.endsWith('/revocation')) seen.revoked.add(form.get('token') ?? '');
    if (url.endsWith('/revocation')) return new Response(null, { status: 200 });
    const refresh_token = `refresh-${seen.issued.size + 1}`;
    seen.issued.add(refresh_token);
    await turns();
    return Response.json({ access_token: 'new', token_type: 'Bearer', expires_in: 3600, refresh_token });
  };
  const [provider] = config.providers;
  const { name, clientId, kind, wellKnownUrl, credential } = provider;
  const client = createLoginClient(
    { kind, clientId, wellKnownUrl, credential, local: config.localProviders },
    { fetch, now },
  );
  const sessions = createSessions({ store, now, provider: name, clientId, onUnreadable: () => undefined });
  const background = createBackground();
  const sealer = createSealer(config.sessionKeys);
  const seams = { targets: createTargets(config), rules: compileRules(config) };
  const shared = { config, store, sealer, background, ...seams, now, emit: () => undefined };
  const parts = { ...shared, provider, client, sessions };
  const { first: context } = createSiblings(config.providers, (_provider, siblings) => ({
    ...parts,
    refresher: createRefresher(parts),
    siblings,
  }));
  return { context, seen, inner, turns };
}

function recordOf(config: LoginConfig): SessionRecord {
  return {
    issuer: ISSUER,
    clientId: 'client-1',
    provider: config.providers[0].name,
    subject: 'user-1',
    sid: 'sid-1',
    acr: undefined,
    amr: [],
    authTime: START,
    accessToken: 'old',
    idToken: '',
    refreshToken: 'refresh-0',
    times: createTimes(START * 1000, 3_600_000, config.lifetimes),
    others: {},
  };
}

test('logout-during-refresh-stays-dead: whatever the order, the session is gone and no token outlives a logout by its user (W2, A11)', async () => {
  const config = configOf();
  const orders = new Set<string>();
  for (let round = 0; round < ROUNDS; round += 1) {
    const { context, seen, inner, turns } = jitteryProxy(config, randomOf(round));
    await context.client.metadata.get();
    const ticket = createTicket(START);
    const session = await context.sessions.create(ticket, recordOf(config), START);
    assert.ok(session !== undefined);
    const byUser = round % 2 === 0;
    const [outcome] = await Promise.all([
      context.refresher.refresh(session),
      (async () => {
        await turns(30);
        if (!byUser) return context.sessions.endBySid('sid-1');
        const present = await context.sessions.load(ticket);
        await turns(30);
        if (present !== undefined) revokeBehind(context, await endSession(context, present, 'logout'));
        return [];
      })(),
    ]);
    await context.background.close();
    const order = `${byUser ? 'user' : 'provider'}, ${outcome.kind}, ${seen.issued.size} calls`;
    orders.add(order);
    assert.equal(await inner.read(`login:session:${recordKey(ticket.sessionId)}`), undefined, `${round}: ${order}`);
    assert.ok(seen.issued.size <= 1, `${round}: ${order}`);
    const known = outcome.kind === 'gone' || byUser;
    if (known) for (const token of seen.issued) assert.ok(seen.revoked.has(token), `${round}: ${order}`);
    context.client.close();
  }
  // The rounds did meet in different places, not always in the same one.
  assert.ok(orders.size >= 5, [...orders].join('; '));
});
