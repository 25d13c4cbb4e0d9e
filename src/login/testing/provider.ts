/** A small OpenID provider for the tests of this room: real HTTP, real signatures, every answer bendable. */
import { createHash, randomUUID } from 'node:crypto';
import type { TestContext } from 'node:test';
import { generatePrivateJwk, publicJwk } from '../../oauth/jwk.ts';
import { parseJwt } from '../../oauth/jwt.ts';
import { readForm, parseQuery } from '../../web/forms.ts';
import type { Form } from '../../web/forms.ts';
import type { HttpRequest, HttpResponse } from '../../web/http.ts';
import { empty, json, redirect } from '../../web/http.ts';
import { createRouter } from '../../web/router.ts';
import { serve } from '../../web/serve.ts';
import { metadataOf } from './provider-metadata.ts';
import type { WrongSigning } from './provider-signing.ts';
import { signAs, signingJwk } from './provider-signing.ts';

/** What a test may bend between requests. */
interface Bends {
  /** Claims put over the ID token's; undefined removes one. */
  idToken: Record<string, unknown>;
  /** Members put over the token answer's. */
  answer: Record<string, unknown>;
  /** Members put over the metadata. */
  metadata: Record<string, unknown>;
  /** Answers to give instead of the real one, first in first out, by endpoint. */
  instead: Partial<Record<'token' | 'par' | 'jwks' | 'metadata' | 'revoke' | 'userinfo', HttpResponse[]>>;
  /** Wrong ways to sign ID tokens. */
  signing: WrongSigning | undefined;
  /** Parameters put over the authorization answer's; undefined removes one. */
  callback: Record<string, string | undefined>;
  refreshRotates: boolean;
  expiresIn: number;
  /** Awaited before the token endpoint answers. */
  tokenGate: Promise<void> | undefined;
}

/** A call the provider saw. */
export interface Call {
  readonly endpoint: string;
  readonly form: Form | undefined;
  readonly headers: HttpRequest['headers'];
}

/** The running provider. */
export interface TestProvider {
  readonly issuer: string;
  readonly wellKnownUrl: string;
  readonly bends: Bends;
  readonly calls: readonly Call[];
  callsTo(endpoint: string): readonly Call[];
  /** Parameters of the last authorization request, pushed or not. */
  lastRequest(): URLSearchParams;
  /** Follows an authorization URL as a browser would; answers the callback's path and query. */
  authorize(location: string): Promise<string>;
  rollKey(kid: string): Promise<void>;
  /** A token of this provider with these claims; undefined ones are left out. */
  mint(header: Record<string, unknown>, claims: Record<string, unknown>, signing?: WrongSigning): Promise<string>;
}

const CALLBACK_CODE_CHARACTERS = 20;
interface Grant {
  readonly parameters: URLSearchParams;
  /** When the user signed in, seconds. */
  readonly authTime: number;
  used: boolean;
}

function refusal(error: string): HttpResponse {
  return json(400, { error, error_description: 'refused by the test provider' });
}

/** Starts the provider on a free port; it is closed when the test ends. `now` in seconds. */
export async function startProvider(t: TestContext, now: () => number): Promise<TestProvider> {
  let jwk = await signingJwk();
  const calls: Call[] = [];
  const pushed = new Map<string, URLSearchParams>();
  const grants = new Map<string, Grant>();
  const refreshTokens = new Map<string, Grant>();
  let last = new URLSearchParams();
  let issuer = '';
  const bends: Bends = {
    idToken: {},
    answer: {},
    metadata: {},
    instead: {},
    callback: {},
    refreshRotates: true,
    expiresIn: 3600,
    tokenGate: undefined,
    signing: undefined,
  };

  function instead(endpoint: keyof Bends['instead']): HttpResponse | undefined {
    return bends.instead[endpoint]?.shift();
  }

  async function note(endpoint: string, request: HttpRequest): Promise<Form | undefined> {
    const read = request.method === 'POST' ? await readForm(request) : undefined;
    const form = read?.ok === true ? read.form : undefined;
    calls.push({ endpoint, form, headers: request.headers });
    return form;
  }

  function noted(endpoint: keyof Bends['instead'], answer: () => HttpResponse) {
    return async (request: HttpRequest): Promise<HttpResponse> => {
      await note(endpoint, request);
      return instead(endpoint) ?? answer();
    };
  }

  function metadata(): HttpResponse {
    const document = {
      ...metadataOf(issuer),
      revocation_endpoint: `${issuer}/revoke`,
      userinfo_endpoint: `${issuer}/userinfo`,
      ui_locales_supported: ['nb', 'nn', 'en'],
      ...bends.metadata,
    };
    return json(200, JSON.parse(JSON.stringify(document)));
  }

  async function idTokenFor({ parameters, authTime }: Grant): Promise<string> {
    const iat = Math.floor(now());
    const claims = {
      iss: issuer,
      sub: 'user-1',
      aud: parameters.get('client_id'),
      iat,
      exp: iat + 120,
      auth_time: authTime,
      nonce: parameters.get('nonce'),
      acr: parameters.get('acr_values') ?? 'idporten-loa-high',
      sid: 'sid-1',
      amr: ['BankID'],
      ...bends.idToken,
    };
    return signAs({ typ: 'JWT' }, claims, { jwk, signing: bends.signing });
  }

  async function tokens(grant: Grant): Promise<HttpResponse> {
    const refreshToken = randomUUID();
    refreshTokens.set(refreshToken, { ...grant, used: false });
    const answer = {
      access_token: `access-${randomUUID()}`,
      token_type: 'Bearer',
      expires_in: bends.expiresIn,
      id_token: await idTokenFor(grant),
      refresh_token: refreshToken,
      ...bends.answer,
    };
    return json(200, JSON.parse(JSON.stringify(answer)));
  }

  async function token(request: HttpRequest): Promise<HttpResponse> {
    const form = await note('token', request);
    await bends.tokenGate;
    const other = instead('token');
    if (other !== undefined) return other;
    if (form?.get('grant_type') === 'refresh_token') {
      const grant = refreshTokens.get(form.get('refresh_token') ?? '');
      if (grant === undefined || grant.used) return refusal('invalid_grant');
      grant.used = bends.refreshRotates;
      return tokens(grant);
    }
    const grant = grants.get(form?.get('code') ?? '');
    const challenge = createHash('sha256')
      .update(form?.get('code_verifier') ?? '')
      .digest('base64url');
    if (grant === undefined || grant.used || challenge !== grant.parameters.get('code_challenge'))
      return refusal('invalid_grant');
    grant.used = true;
    return tokens(grant);
  }

  async function par(request: HttpRequest): Promise<HttpResponse> {
    const form = await note('par', request);
    const other = instead('par');
    if (other !== undefined) return other;
    const uri = `urn:test:${randomUUID()}`;
    pushed.set(uri, new URLSearchParams([...(form?.values ?? [])]));
    return json(201, { request_uri: uri, expires_in: 60 });
  }

  function authorize(request: HttpRequest): HttpResponse {
    const query = parseQuery(request.query);
    const direct = new URLSearchParams(query.ok ? [...query.form.values] : []);
    const parameters = pushed.get(direct.get('request_uri') ?? '') ?? direct;
    last = parameters;
    const code = randomUUID().slice(0, CALLBACK_CODE_CHARACTERS);
    grants.set(code, { parameters, authTime: Math.floor(now()), used: false });
    const back = new URL(parameters.get('redirect_uri') ?? '');
    const answer = { code, state: parameters.get('state') ?? '', iss: issuer, ...bends.callback };
    for (const [name, value] of Object.entries(answer)) if (value !== undefined) back.searchParams.set(name, value);
    return redirect(back.href);
  }

  const handle = createRouter([
    { method: 'GET', path: '/.well-known/openid-configuration', handle: () => instead('metadata') ?? metadata() },
    {
      method: 'GET',
      path: '/jwks',
      handle: noted('jwks', () => json(200, { keys: [{ ...publicJwk(jwk), use: 'sig' }] })),
    },
    { method: 'POST', path: '/par', handle: par },
    { method: 'GET', path: '/authorize', handle: authorize },
    { method: 'POST', path: '/token', handle: token },
    {
      method: 'POST',
      path: '/revoke',
      handle: noted('revoke', () => empty(200)),
    },
    {
      method: 'GET',
      path: '/userinfo',
      handle: noted('userinfo', () => json(200, { sub: 'user-1' })),
    },
  ]);
  const listener = await serve({ name: 'test provider', setting: '-', host: '127.0.0.1', port: 0, handle });
  t.after(() => listener.close(0));
  issuer = listener.origin;
  return {
    issuer,
    wellKnownUrl: `${issuer}/.well-known/openid-configuration`,
    bends,
    calls,
    callsTo: (endpoint) => calls.filter((call) => call.endpoint === endpoint),
    lastRequest: () => last,
    async authorize(location) {
      const answer = await fetch(location, { redirect: 'manual' });
      const back = new URL(answer.headers.get('location') ?? 'http://no-location.test/');
      return back.pathname + back.search;
    },
    mint: (header, claims, signing) => signAs(header, claims, { jwk, signing }),
    async rollKey(kid) {
      jwk = await generatePrivateJwk('RS256', kid);
    },
  };
}

/** The claims of the client assertion in a call. */
export function assertionOf(call: Call | undefined): Readonly<Record<string, unknown>> {
  return parseJwt(call?.form?.get('client_assertion')).claims;
}
