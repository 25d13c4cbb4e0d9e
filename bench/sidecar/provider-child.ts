// All four providers: they give whoever asks a token made beforehand, when they are told to, and keep count.
import { on, once } from 'node:events';
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import { publicJwk } from '../../src/oauth/jwk.ts';
import { portOf } from '../login/port.ts';
import type { ProviderCounts, ProviderManner } from './provider.ts';
import { makeToken } from './world.ts';
import type { BenchKeys } from './world.ts';

const WELL_KNOWN = '/.well-known/';
const KEYS = '/jwks';
const TOKEN = '/token';

const [told] = await once(process, 'message');
const keys: BenchKeys = told;
const state: { manner: ProviderManner; keyFetches: number; calls: number } = {
  manner: { delayMs: 0, expiresIn: 3600 },
  keyFetches: 0,
  calls: 0,
};
const jwks = JSON.stringify({ keys: [publicJwk(keys.issuer)] });
const server = createServer({ keepAliveTimeout: 120_000 }, (request, response) => {
  request.resume();
  request.once('end', () => answer(request.url ?? '/', response));
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const origin = `http://127.0.0.1:${portOf(server)}`;
const accessToken = await makeToken(keys, `${origin}/entra`);
process.on('disconnect', () => process.exit(0));
process.send?.({ port: portOf(server) });
for await (const [manner] of on(process, 'message')) {
  const counts: ProviderCounts = { calls: state.calls, keyFetches: state.keyFetches };
  Object.assign(state, { manner, calls: 0, keyFetches: 0 });
  process.send?.(counts);
}

function answer(path: string, response: ServerResponse): void {
  if (path.endsWith(TOKEN)) {
    state.calls += 1;
    const { delayMs, expiresIn } = state.manner;
    const body = JSON.stringify({ access_token: accessToken, token_type: 'Bearer', expires_in: expiresIn });
    if (delayMs === 0) send(response, body);
    else setTimeout(() => send(response, body), delayMs);
  } else if (path.endsWith(KEYS)) {
    state.keyFetches += 1;
    send(response, jwks);
  } else send(response, JSON.stringify(metadata(path)));
}

function send(response: ServerResponse, body: string): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
}

function metadata(path: string): object {
  const base = `${origin}${path.slice(0, path.indexOf(WELL_KNOWN))}`;
  // Only this one ends in a slash.
  const issuer = base.endsWith('/maskinporten') ? `${base}/` : base;
  return { issuer, jwks_uri: base + KEYS, token_endpoint: base + TOKEN };
}
