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
import { loopbackFetch } from '../loopback.ts';

/** A person as the provider knows them. */
export interface Person {
  readonly sub: string;
  readonly acr: string;
  readonly sid?: string;
}

/** What the provider does that an honest one would not. */
interface Tricks {
  /** Any code is as good as any other, whatever the verifier. */
  acceptsAnyCode: boolean;
  /** Seconds by which its clock is ahead. */
  clockAhead: number;
  /** Parameters put over the authorization answer's; undefined removes one. */
  answer: Record<string, string | undefined>;
  /** Claims put over the ID token's; undefined removes one. */
  idToken: Record<string, unknown>;
}

/** A provider that signs in whoever it is told, without asking, and cheats as it is told. */
export interface HostileProvider {
  readonly issuer: string;
  readonly tricks: Tricks;
  /** Forms that reached the token endpoint. */
  readonly tokenCalls: readonly URLSearchParams[];
  /** Signs this person in at an authorization URL; answers path and query of the callback. */
  authorize(location: string | null, person: Person): Promise<string>;
  /** Who browsers with the cookie `who=<sub>` are; see `authorize` for everybody else. */
  knows(person: Person): void;
  close(): Promise<void>;
}

interface Grant {
  readonly asked: URLSearchParams;
  readonly person: Person;
  used: boolean;
}

interface Options {
  /** Seconds since the epoch. */
  readonly now: () => number;
  /** Members put over the metadata; undefined removes one. */
  readonly metadata?: Readonly<Record<string, unknown>>;
}

const TOKEN_SECONDS = 3600;

async function formOf(request: HttpRequest): Promise<URLSearchParams> {
  const read = await readForm(request);
  return new URLSearchParams(read.ok ? [...read.form.values] : []);
}

/** Starts a provider on a port of the system's choice. Close it, or the process stays. */
export async function startHostileProvider({ now, metadata = {} }: Options): Promise<HostileProvider> {
  const jwk = await generatePrivateJwk('RS256', 'hostile-1');
  const key = importSigningKey(jwk);
  const people = new Map<string, Person>();
  const pushed = new Map<string, URLSearchParams>();
  const grants = new Map<string, Grant>();
  const tokenCalls: URLSearchParams[] = [];
  const tricks: Tricks = { acceptsAnyCode: false, clockAhead: 0, answer: {}, idToken: {} };
  const clock = (): number => Math.floor(now()) + tricks.clockAhead;

  function authorize(request: HttpRequest): HttpResponse {
    const query = new URLSearchParams(request.query);
    const asked = pushed.get(query.get('request_uri') ?? '') ?? query;
    const who = /\bwho=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1] ?? '';
    const person = people.get(who);
    if (person === undefined) return empty(403);
    const code = randomUUID();
    grants.set(code, { asked, person, used: false });
    const back = new URL(asked.get('redirect_uri') ?? '');
    const answer = { code, state: asked.get('state') ?? '', iss: issuer, ...tricks.answer };
    for (const [name, value] of Object.entries(answer)) if (value !== undefined) back.searchParams.set(name, value);
    return redirect(back.href);
  }

  async function tokens({ asked, person }: Grant): Promise<HttpResponse> {
    const iat = clock();
    const client = asked.get('client_id') ?? '';
    const aud = asked.get('resource') ?? client;
    const seen: SeenIdentity = { sub: person.sub, aud, client, acr: person.acr, issuedAt: iat };
    const claims = {
      iss: issuer,
      aud: client,
      iat,
      exp: iat + 120,
      auth_time: iat,
      nonce: asked.get('nonce'),
      sid: `sid-${person.sub}`,
      ...person,
      ...tricks.idToken,
    };
    return json(200, {
      access_token: `at.${Buffer.from(JSON.stringify(seen)).toString('base64url')}.${randomUUID()}`,
      token_type: 'Bearer',
      expires_in: TOKEN_SECONDS,
      id_token: await signJws({ typ: 'JWT' }, JSON.parse(JSON.stringify(claims)), key),
    });
  }

  async function token(request: HttpRequest): Promise<HttpResponse> {
    const form = await formOf(request);
    tokenCalls.push(form);
    const grant = grants.get(form.get('code') ?? '');
    if (grant === undefined) return json(400, { error: 'invalid_grant' });
    const verifier = createHash('sha256').update(form.get('code_verifier') ?? '');
    const proven = verifier.digest('base64url') === grant.asked.get('code_challenge');
    if ((grant.used || !proven) && !tricks.acceptsAnyCode) return json(400, { error: 'invalid_grant' });
    grant.used = true;
    return tokens(grant);
  }

  async function push(request: HttpRequest): Promise<HttpResponse> {
    const uri = `urn:hostile:${randomUUID()}`;
    pushed.set(uri, await formOf(request));
    return json(201, { request_uri: uri, expires_in: 60 });
  }

  function describe(): HttpResponse {
    return json(200, JSON.parse(JSON.stringify({ ...metadataOf(issuer), ...metadata })));
  }

  const handle = createRouter([
    { method: 'GET', path: '/.well-known/openid-configuration', handle: describe },
    { method: 'GET', path: '/jwks', handle: () => json(200, { keys: [{ ...publicJwk(jwk), use: 'sig' }] }) },
    { method: 'POST', path: '/par', handle: push },
    { method: 'GET', path: '/authorize', handle: authorize },
    { method: 'POST', path: '/token', handle: token },
  ]);
  const listener = await serve({ name: 'hostile provider', setting: '-', host: '127.0.0.1', port: 0, handle });
  const issuer = listener.origin;
  return {
    issuer,
    tricks,
    tokenCalls,
    knows: (person) => void people.set(person.sub, person),
    async authorize(location, person) {
      people.set(person.sub, person);
      const answer = await loopbackFetch(location ?? '', { headers: { cookie: `who=${person.sub}` } });
      const back = new URL(answer.headers.get('location') ?? `http://answered-${answer.status}.test/`);
      return back.pathname + back.search;
    },
    close: () => listener.close(0),
  };
}

/** Who an access token of this provider speaks for; undefined for any other text. */
export function identityOf(authorization: string | undefined): SeenIdentity | undefined {
  const [, payload] = /^Bearer at\.([\w-]+)\./.exec(authorization ?? '') ?? [];
  return payload === undefined ? undefined : JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
}
