import { createHash, randomUUID } from 'node:crypto';
import { metadataOf } from '../../src/login/testing/provider-metadata.ts';
import { generatePrivateJwk, importSigningKey, publicJwk } from '../../src/oauth/jwk.ts';
import { signJws } from '../../src/oauth/jws.ts';
import { readForm } from '../../src/web/forms.ts';
import type { HttpRequest, HttpResponse } from '../../src/web/http.ts';
import { empty, json, redirect } from '../../src/web/http.ts';
import { createRouter } from '../../src/web/router.ts';
import { serve } from '../../src/web/serve.ts';
import type { SeenIdentity } from '../oracle/oracle.ts';
import { createFaultProxy } from '../fault-proxy.ts';
import type { FaultProxy } from '../fault-proxy.ts';
import { loopbackFetch } from '../loopback.ts';

/** A person as the provider knows them. */
export interface Person {
  readonly sub: string;
  readonly acr: string;
}

/** What the tests may change between requests. */
interface Ways {
  /** Seconds that access tokens live, of a login and of a refresh. */
  lifetimes: { login: number; refresh: number };
  /** Awaited after a refresh was judged and before the answer goes out; told which of all refresh calls it is. */
  beforeAnswer: ((call: number) => Promise<void> | void) | undefined;
  /** Whether the refresh token used last may be used once more. */
  grace: boolean;
  /** Answers of the token endpoint to give instead of the real one, first in first out. */
  instead: HttpResponse[];
  /** Neither metadata nor keys are to be had. */
  hidden: boolean;
}

/** The tokens that began with one login. */
interface Family {
  readonly sub: string;
  readonly asked: URLSearchParams;
  readonly person: Person;
  readonly authTime: number;
  current: string;
  before: string | undefined;
  revoked: boolean;
  /** Access tokens, the newest last. */
  readonly access: string[];
}

/** A provider whose refresh tokens work once, and which ends a whole family of tokens when one is used twice. */
export interface RotatingProvider {
  readonly issuer: string;
  readonly wellKnownUrl: string;
  readonly ways: Ways;
  /** What lies between the proxies and the token endpoint. */
  readonly way: FaultProxy;
  /** How often the token endpoint was asked for a refresh. */
  refreshes(): number;
  /** How many codes were turned into tokens. */
  redemptions(): number;
  /** The family of a person's last login. */
  family(sub: string): Family;
  /** Tokens that were revoked on request. */
  readonly revoked: ReadonlySet<string>;
  /** Signs this person in at an authorization URL; answers path and query of the callback. */
  authorize(location: string, person: Person): Promise<string>;
  close(): Promise<void>;
}

interface Grant {
  readonly asked: URLSearchParams;
  readonly person: Person;
  used: boolean;
}

const WELL_KNOWN = '/.well-known/openid-configuration';

async function formOf(request: HttpRequest): Promise<URLSearchParams> {
  const read = await readForm(request);
  return new URLSearchParams(read.ok ? [...read.form.values] : []);
}

const refusal = (error: string): HttpResponse => json(400, { error });
const clock = (): number => Math.floor(Date.now() / 1000);

/** Starts a provider on a port of the system's choice. Close it, or the process stays. */
export async function startRotatingProvider(): Promise<RotatingProvider> {
  const jwk = await generatePrivateJwk('RS256', 'rotating-1');
  const key = importSigningKey(jwk);
  const pushed = new Map<string, URLSearchParams>();
  const grants = new Map<string, Grant>();
  const families = new Map<string, Family>();
  const bySub = new Map<string, Family>();
  const revoked = new Set<string>();
  const ways: Ways = {
    lifetimes: { login: 3600, refresh: 3600 },
    beforeAnswer: undefined,
    grace: false,
    instead: [],
    hidden: false,
  };
  let refreshes = 0;
  let redemptions = 0;
  const people = new Map<string, Person>();

  function authorize(request: HttpRequest): HttpResponse {
    const query = new URLSearchParams(request.query);
    const asked = pushed.get(query.get('request_uri') ?? '') ?? query;
    const person = people.get(/\bwho=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1] ?? '');
    if (person === undefined) return empty(403);
    const code = randomUUID();
    grants.set(code, { asked, person, used: false });
    const back = new URL(asked.get('redirect_uri') ?? '');
    for (const [name, value] of Object.entries({ code, state: asked.get('state') ?? '', iss: issuer }))
      back.searchParams.set(name, value);
    return redirect(back.href);
  }

  async function tokens(family: Family, seconds: number): Promise<HttpResponse> {
    const iat = clock();
    const { asked, person } = family;
    const client = asked.get('client_id') ?? '';
    const seen: SeenIdentity = { ...person, aud: asked.get('resource') ?? client, client, issuedAt: iat };
    const access = `at.${Buffer.from(JSON.stringify(seen)).toString('base64url')}.${randomUUID()}`;
    family.access.push(access);
    families.set(family.current, family);
    const claims = {
      iss: issuer,
      aud: client,
      iat,
      exp: iat + 120,
      auth_time: family.authTime,
      nonce: asked.get('nonce'),
      sid: `sid-${person.sub}`,
      ...person,
    };
    return json(200, {
      access_token: access,
      token_type: 'Bearer',
      expires_in: seconds,
      id_token: await signJws({ typ: 'JWT' }, JSON.parse(JSON.stringify(claims)), key),
      refresh_token: family.current,
    });
  }

  function rotate(family: Family, used: string): Promise<HttpResponse> | HttpResponse {
    const isRight = used === family.current || (ways.grace && used === family.before);
    if (!isRight) family.revoked = true;
    if (family.revoked) return refusal('invalid_grant');
    family.before = used;
    family.current = randomUUID();
    return tokens(family, ways.lifetimes.refresh);
  }

  async function refresh(form: URLSearchParams): Promise<HttpResponse> {
    const used = form.get('refresh_token') ?? '';
    const family = families.get(used);
    refreshes += 1;
    const call = refreshes;
    const answer = family === undefined ? refusal('invalid_grant') : await rotate(family, used);
    await ways.beforeAnswer?.(call);
    return answer;
  }

  async function token(request: HttpRequest): Promise<HttpResponse> {
    const form = await formOf(request);
    const other = ways.instead.shift();
    if (other !== undefined) return other;
    if (form.get('grant_type') === 'refresh_token') return refresh(form);
    const grant = grants.get(form.get('code') ?? '');
    const verifier = createHash('sha256').update(form.get('code_verifier') ?? '');
    const isProven = verifier.digest('base64url') === grant?.asked.get('code_challenge');
    if (grant === undefined || grant.used || !isProven) return refusal('invalid_grant');
    grant.used = true;
    redemptions += 1;
    const { asked, person } = grant;
    const first = { asked, person, sub: person.sub, authTime: clock(), current: randomUUID(), before: undefined };
    const family: Family = { ...first, revoked: false, access: [] };
    bySub.set(person.sub, family);
    return tokens(family, ways.lifetimes.login);
  }

  async function push(request: HttpRequest): Promise<HttpResponse> {
    const uri = `urn:rotating:${randomUUID()}`;
    pushed.set(uri, await formOf(request));
    return json(201, { request_uri: uri, expires_in: 60 });
  }

  async function revoke(request: HttpRequest): Promise<HttpResponse> {
    revoked.add((await formOf(request)).get('token') ?? '');
    return empty(200);
  }

  function describe(): HttpResponse {
    if (ways.hidden) return empty(503);
    return json(200, {
      ...metadataOf(issuer),
      token_endpoint: `http://127.0.0.1:${way.port}/token`,
      revocation_endpoint: `${issuer}/revoke`,
    });
  }

  function keys(): HttpResponse {
    return ways.hidden ? empty(503) : json(200, { keys: [{ ...publicJwk(jwk), use: 'sig' }] });
  }

  const handle = createRouter([
    { method: 'GET', path: WELL_KNOWN, handle: describe },
    { method: 'GET', path: '/jwks', handle: keys },
    { method: 'POST', path: '/par', handle: push },
    { method: 'GET', path: '/authorize', handle: authorize },
    { method: 'POST', path: '/token', handle: token },
    { method: 'POST', path: '/revoke', handle: revoke },
  ]);
  const listener = await serve({ name: 'rotating provider', setting: '-', host: '127.0.0.1', port: 0, handle });
  const issuer = listener.origin;
  const way = await createFaultProxy({ host: '127.0.0.1', port: listener.port });
  return {
    issuer,
    wellKnownUrl: `${issuer}${WELL_KNOWN}`,
    ways,
    way,
    revoked,
    refreshes: () => refreshes,
    redemptions: () => redemptions,
    family(sub) {
      const family = bySub.get(sub);
      if (family === undefined) throw new Error(`${sub} never signed in`);
      return family;
    },
    async authorize(location, person) {
      people.set(person.sub, person);
      const answer = await loopbackFetch(location, { headers: { cookie: `who=${person.sub}` } });
      const back = new URL(answer.headers.get('location') ?? `http://answered-${answer.status}.test/`);
      return back.pathname + back.search;
    },
    async close() {
      await way.close();
      await listener.close(0);
    },
  };
}
