import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { Answer, ProviderScript, Script } from './case.ts';
import type { Keys } from './keys.ts';

/** One request for a token. */
export interface TokenCall {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** In order. */
  readonly form: readonly (readonly [string, string])[];
}

/** All providers in one, on a loopback port. */
export interface FakeProvider {
  readonly origin: string;
  /** What was asked since the last `begin`. */
  readonly calls: readonly TokenCall[];
  readonly keySetCalls: () => number;
  /** A new case: what was seen is forgotten, and all is well but for what the script says. */
  begin(script: ProviderScript): void;
  change(script: ProviderScript): void;
  close(): Promise<void>;
}

type Kind = 'token' | 'keySet' | 'metadata';

const WELL: Script = { first: [], afterwards: {} };

/** Starts it. `now` in seconds since the epoch; it stands in the `Date` of answers. */
export async function startProvider(
  keys: Keys,
  options: { readonly port: number; readonly now: () => number },
): Promise<FakeProvider> {
  const calls: TokenCall[] = [];
  const asked = { token: 0, keySet: 0, metadata: 0 };
  const scripts: Record<Kind, { script: Script; used: number }> = {
    token: { script: WELL, used: 0 },
    keySet: { script: WELL, used: 0 },
    metadata: { script: WELL, used: 0 },
  };
  let epoch = 0;

  const next = (kind: Kind): Answer => {
    const state = scripts[kind];
    state.used += 1;
    return state.script.first[state.used - 1] ?? state.script.afterwards;
  };

  const server = createServer((request, response) => {
    const { url = '/' } = request;
    const kind: Kind = url.includes('/.well-known/') ? 'metadata' : url.endsWith('/jwks') ? 'keySet' : 'token';
    void serve(kind, request, response).catch(() => response.destroy());
  });

  async function serve(kind: Kind, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url: path = '/', headers } = request;
    const began = epoch;
    const body = await text(request);
    // What an earlier case left behind is no business of this one.
    if (began !== epoch) return void response.destroy();
    asked[kind] += 1;
    if (kind === 'token') calls.push({ path, headers, form: [...new URLSearchParams(body)] });
    const number = asked[kind];
    const answer = next(kind);
    await new Promise((resolve) => setTimeout(resolve, answer.delayMilliseconds ?? 0));
    send(response, answer, answer.text ?? wellBody({ kind, answer, path, number }), options.now());
  }

  function wellBody({
    kind,
    answer,
    path,
    number,
  }: {
    kind: Kind;
    answer: Answer;
    path: string;
    number: number;
  }): string {
    if (answer.json !== undefined) return JSON.stringify(answer.json);
    if (kind === 'metadata') return JSON.stringify(metadataOf(origin, path));
    if (kind === 'keySet') {
      const published = (answer.keys ?? ['issuer']).map((name) => keys.published[name]);
      return JSON.stringify({ keys: [...(answer.foreign ?? []), ...published] });
    }
    const { expiresIn = 3600, members, bytes = 0 } = answer;
    const token = { access_token: `token-${number}`, token_type: 'Bearer', expires_in: expiresIn, ...members };
    const padding = bytes === 0 ? '' : `,"padding":"${'x'.repeat(bytes)}`;
    return bytes === 0
      ? JSON.stringify(token)
      : `${(JSON.stringify(token).slice(0, -1) + padding).slice(0, bytes - 2)}"}`;
  }

  const change = (script: ProviderScript): void => {
    for (const kind of ['token', 'keySet', 'metadata'] as const) {
      const given = script[kind];
      if (given !== undefined) scripts[kind] = { script: given, used: 0 };
    }
  };

  server.listen(options.port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  return {
    origin,
    calls,
    keySetCalls: () => asked.keySet,
    begin(script) {
      epoch += 1;
      calls.length = 0;
      Object.assign(asked, { token: 0, keySet: 0, metadata: 0 });
      change({ token: WELL, keySet: WELL, metadata: WELL });
      change(script);
    },
    change,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function metadataOf(origin: string, path: string): object {
  const base = origin + path.slice(0, path.indexOf('/.well-known/'));
  const issuer = base.endsWith('/maskinporten') ? `${base}/` : base;
  return {
    issuer,
    jwks_uri: `${base}/jwks`,
    token_endpoint: `${base}/token`,
    authorization_endpoint: `${base}/authorize`,
  };
}

function send(response: ServerResponse, answer: Answer, body: string, now: number): void {
  if (response.destroyed || answer.fault === 'silence') return;
  if (answer.fault === 'reset') return void response.destroy();
  response.sendDate = false;
  response.writeHead(answer.status ?? 200, {
    'content-type': 'application/json',
    date: new Date(now * 1000).toUTCString(),
    'content-length': String(Buffer.byteLength(body)),
    ...answer.headers,
  });
  if (answer.fault === undefined) return void response.end(body);
  response.write(body.slice(0, Math.max(1, body.length - 5)));
  // What was written has to be on its way before the end comes.
  if (answer.fault === 'reset-body') setTimeout(() => response.destroy(), 20);
}
