// What does a token exchange cost? Server CPU per request, ours and oidc-provider's in turn, the same keys and requests for
// both. Neither writes a log; both check replay and verify client assertion and subject token.
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Agent, createServer, request as httpRequest } from 'node:http';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { Provider } from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { CLIENT_ASSERTION_TYPE, GRANT, TOKEN_TYPE } from '../src/oauth/client-assertion.ts';
import { generatePrivateJwk, importSigningKey, importVerificationKey, publicJwk } from '../src/oauth/jwk.ts';
import type { PrivateJwk, SigningKey } from '../src/oauth/jwk.ts';
import { signJws, verifySignature, parseCompactJws } from '../src/oauth/jws.ts';
import { appId } from '../src/registry/app-id.ts';
import type { App, Client } from '../src/registry/model.ts';
import { createMemoryRegistry } from '../src/registry/registry.ts';
import { createKeyWrapper } from '../src/registry/key-wrapper.ts';
import { createMemoryReplay } from '../src/store/replay-memory.ts';
import { readSettings } from '../src/settings.ts';
import { serve } from '../src/web/serve.ts';
import { createExchange } from '../src/exchange/app.ts';
import { exchangeSettings } from '../src/exchange/config.ts';

const ISSUER = 'http://localhost:7440';
const IDP = 'https://idp.example.test';
/** Several callers: one alone would meet its own limit. */
const CALLERS = Array.from({ length: 40 }, (_each, index) => appId('dev', 'fleet', `web-${index}`));
const TARGETS = { RS256: appId('dev', 'fleet', 'api'), ES256: appId('dev', 'fleet', 'fast') } as const;
/** Rounds that are not counted: the compiler is still at work. */
const WARM_UP = 3;
type Mix = keyof typeof TARGETS;
type Side = 'ours' | 'peer';
interface Keys {
  readonly client: PrivateJwk;
  readonly idp: PrivateJwk;
}
interface Sample {
  readonly cpuMicros: number;
  readonly perSecond: number;
}

const seconds = (): number => Date.now() / 1000;
const role = process.argv[2];
if (role === 'ours' || role === 'peer') await runServer(role);
else await compare(process.argv.includes('--quick'));

async function compare(quick: boolean): Promise<void> {
  const [rounds, requests] = quick ? [5, 400] : [9, 2000];
  const keys: Keys = {
    client: await generatePrivateJwk('RS256', 'web-1'),
    idp: await generatePrivateJwk('RS256', 'idp-1'),
  };
  const servers = { ours: await start('ours', keys), peer: await start('peer', keys) };
  const samples = new Map<string, Sample[]>();
  for (const mix of ['RS256', 'ES256'] as const) {
    for (let round = -WARM_UP; round < rounds; round += 1) {
      for (const side of ['ours', 'peer'] as const) {
        const sample = await measure(servers[side], await makeRequests(keys, mix, requests));
        if (round >= 0) samples.set(`${mix} ${side}`, [...(samples.get(`${mix} ${side}`) ?? []), sample]);
      }
    }
  }
  const crypto = { RS256: await cryptoMicros(keys.client), ES256: await cryptoMicros(keys.client, 'ES256') };
  report(samples, crypto);
  for (const { child } of Object.values(servers)) child.kill();
}

function report(samples: ReadonlyMap<string, readonly Sample[]>, crypto: Readonly<Record<Mix, number>>): void {
  const figures: object[] = [];
  console.log('assertion/subject/output   side   cpu us/request (min..max)   requests/s   share of bare cryptography');
  for (const mix of ['RS256', 'ES256'] as const) {
    const of = (side: Side, read: (sample: Sample) => number): readonly number[] =>
      (samples.get(`${mix} ${side}`) ?? []).map(read).toSorted((a, b) => a - b);
    for (const side of ['ours', 'peer'] as const) {
      const cpu = of(side, (sample) => sample.cpuMicros);
      const share = `${Math.round((100 * crypto[mix]) / median(cpu))} % of ${Math.round(crypto[mix])} us`;
      const spread = `${Math.round(median(cpu))} (${Math.round(cpu[0] ?? 0)}..${Math.round(cpu.at(-1) ?? 0)})`;
      const rate = Math.round(median(of(side, (sample) => sample.perSecond)));
      console.log(
        `RS256/RS256/${mix}`.padEnd(27) + side.padEnd(7) + spread.padEnd(28) + String(rate).padEnd(13) + share,
      );
    }
    const [ours, theirs] = [median(of('ours', (each) => each.cpuMicros)), median(of('peer', (each) => each.cpuMicros))];
    const target = mix === 'RS256' ? 0.8 : 0.5;
    const ratio = Number((ours / theirs).toFixed(3));
    const common = { bench: 'exchange', peer: 'oidc-provider' };
    const name = `${mix.toLowerCase()} cpu µs/request`;
    figures.push({
      ...common,
      figure: name,
      ours: Math.round(ours),
      theirs: Math.round(theirs),
      ratio,
      target: 1,
      met: ratio <= 1,
    });
    const share = Number((crypto[mix] / ours).toFixed(3));
    const theirShare = Number((crypto[mix] / theirs).toFixed(3));
    const shares = { ours: share, theirs: theirShare, ratio: Number((share / theirShare).toFixed(3)) };
    figures.push({
      ...common,
      figure: `${mix.toLowerCase()} share of bare cryptography`,
      ...shares,
      target,
      met: share >= target,
    });
  }
  for (const figure of figures) console.log(JSON.stringify(figure));
}

/** CPU of the two verifications and the signature alone, on one thread. */
async function cryptoMicros(rsa: PrivateJwk, output: Mix = 'RS256'): Promise<number> {
  const signer = importSigningKey(output === 'RS256' ? rsa : await generatePrivateJwk('ES256'));
  const token = parseCompactJws(await signJws({}, { filler: 'x'.repeat(800) }, importSigningKey(rsa)));
  const key = importVerificationKey(publicJwk(rsa));
  const turns = 500;
  let micros = 0;
  for (const counted of [false, true]) {
    const before = process.cpuUsage();
    for (let turn = 0; turn < turns; turn += 1) {
      verifySignature(token, key);
      verifySignature(token, key);
      await signJws({}, { filler: 'x'.repeat(800) }, signer);
    }
    const { user, system } = process.cpuUsage(before);
    if (counted) micros = (user + system) / turns;
  }
  return micros;
}

async function makeRequests(keys: Keys, mix: Mix, count: number): Promise<readonly string[]> {
  const [client, idp] = [importSigningKey(keys.client), importSigningKey(keys.idp)];
  return await Promise.all(Array.from({ length: count }, (_each, index) => makeRequest({ client, idp }, mix, index)));
}

async function makeRequest(keys: { client: SigningKey; idp: SigningKey }, mix: Mix, index: number): Promise<string> {
  const iat = Math.floor(seconds());
  const caller = CALLERS[index % CALLERS.length];
  const assertion = { iss: caller, sub: caller, aud: ISSUER, jti: randomUUID(), iat, exp: iat + 100 };
  const subject = {
    iss: IDP,
    sub: `u-${index}`,
    client_id: 'login',
    acr: 'idporten-loa-high',
    sid: `s-${index}`,
    jti: randomUUID(),
    iat,
    exp: iat + 600,
    scope: 'openid profile',
    filler: 'x'.repeat(500),
  };
  return new URLSearchParams({
    grant_type: GRANT.tokenExchange,
    client_assertion_type: CLIENT_ASSERTION_TYPE,
    client_assertion: await signJws({ typ: 'JWT' }, assertion, keys.client),
    subject_token_type: TOKEN_TYPE.jwt,
    subject_token: await signJws({ typ: 'JWT' }, subject, keys.idp),
    audience: TARGETS[mix],
  }).toString();
}

interface Server {
  readonly child: ChildProcess;
  readonly port: number;
}

async function start(side: Side, keys: Keys): Promise<Server> {
  const child = fork(import.meta.filename, [side]);
  child.send(keys);
  const [{ port }] = await once(child, 'message');
  return { child, port: Number(port) };
}

async function measure({ child, port }: Server, bodies: readonly string[]): Promise<Sample> {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const before = await cpuOf(child);
  const startedAt = performance.now();
  await Promise.all(bodies.map((body) => post(port, body, agent)));
  const elapsed = (performance.now() - startedAt) / 1000;
  const used = (await cpuOf(child)) - before;
  agent.destroy();
  return { cpuMicros: used / bodies.length, perSecond: bodies.length / elapsed };
}

async function cpuOf(child: ChildProcess): Promise<number> {
  child.send('cpu');
  const [{ micros }] = await once(child, 'message');
  return Number(micros);
}

function post(port: number, body: string, agent: Agent): Promise<void> {
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      { port, host: '127.0.0.1', path: '/token', method: 'POST', headers, agent },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('end', () => {
          if (incoming.statusCode === 200) resolve();
          else reject(new Error(`${incoming.statusCode}: ${Buffer.concat(chunks).toString()}`));
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

async function runServer(side: Side): Promise<void> {
  const [keys] = await once(process, 'message');
  const port = side === 'ours' ? await serveOurs(keys) : await servePeer(keys);
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send?.({ micros: user + system });
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.({ port });
}

async function serveOurs(keys: Keys): Promise<number> {
  const jwks = [publicJwk(keys.client)];
  const apps = [...CALLERS, ...Object.values(TARGETS)];
  const position = { file: 'bench.yaml', line: 1, column: 1, path: 'spec' };
  const consumers = CALLERS.map((_id, index) => ({ cluster: 'dev', namespace: 'fleet', name: `web-${index}` }));
  const registry = createMemoryRegistry({
    now: seconds,
    initial: {
      version: 1,
      wildcardGrants: 'network-only',
      apps: apps.map(appOf),
      clients: apps.map((id): Client => {
        const token = id === TARGETS.ES256 ? { alg: 'ES256' as const } : {};
        return {
          app: id,
          provider: 'tokenx',
          clientId: id,
          state: 'ready',
          keys: jwks,
          registration: { provider: 'tokenx', token },
        };
      }),
      grants: Object.values(TARGETS).flatMap((target) =>
        consumers.map((consumer) => ({ target, consumer, roles: [], scopes: [], position })),
      ),
      scopes: [],
    },
  });
  const read = readSettings(exchangeSettings, {
    FULLMAKT_EXCHANGE_ISSUER: ISSUER,
    FULLMAKT_EXCHANGE_ISSUERS: JSON.stringify([
      {
        name: 'idp',
        issuer: IDP,
        jwks: { keys: [publicJwk(keys.idp)] },
        bind: { clientId: ['login'] },
        map: 'idporten-acr',
      },
    ]),
  });
  if (!read.ok) throw new Error(read.problems.join('; '));
  const program = await createExchange(read.settings, {
    registry,
    signingKeys: { store: registry.signingKeys, wrapper: createKeyWrapper(new Uint8Array(32)) },
    // The replay store remembers since before the first request was made.
    replay: { ...createMemoryReplay({ now: seconds }), rememberedSince: () => 0 },
    fetch: (url, init) => fetch(url, init),
    now: seconds,
    emit: () => {},
  });
  const [spec] = program.listeners;
  if (spec === undefined) throw new Error('no listener');
  return (await serve({ ...spec, host: '127.0.0.1', port: 0 })).port;
}

function appOf(id: App['id']): App {
  return {
    id,
    uid: id,
    generation: 1,
    hash: id,
    state: 'active',
    kind: 'Application',
    spec: {
      ingresses: [],
      port: 8080,
      upstream: { host: '127.0.0.1', port: 8080 },
      inbound: [],
      outbound: [],
      identity: { mode: 'keys', serviceAccount: 'x' },
    },
  };
}

/** The peer does the same work: client assertion with replay check, subject token, a signed JWT for one audience. */
async function servePeer(keys: Keys): Promise<number> {
  const [rsa, ec] = await Promise.all([generatePrivateJwk('RS256'), generatePrivateJwk('ES256')]);
  const subjects = createLocalJWKSet({ keys: [publicJwk(keys.idp)] });
  const provider = new Provider(ISSUER, {
    jwks: { keys: [rsa, ec] },
    cookies: { keys: ['bench'] },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: { enabled: true },
    },
    clientAuthMethods: ['private_key_jwt'],
    extraTokenClaims: (_context: unknown, token: { readonly extra: object }) => token.extra,
    clients: CALLERS.map((id) => ({
      client_id: id,
      redirect_uris: [],
      response_types: [],
      token_endpoint_auth_method: 'private_key_jwt',
      grant_types: [GRANT.tokenExchange],
      jwks: { keys: [publicJwk(keys.client)] },
    })),
  });
  const exchange = async (context: KoaContextWithOIDC): Promise<void> => {
    const { subject_token: subjectToken = '', audience = '' } = context.oidc.params;
    const { payload } = await jwtVerify(subjectToken, subjects, { issuer: IDP, algorithms: ['RS256'] });
    const { iss: idp, sub, acr, sid, filler } = payload;
    const token = new provider.ClientCredentials({
      client: context.oidc.client,
      scope: '',
      extra: { idp, user: sub, acr, sid, filler, act: { sub: context.oidc.client.clientId } },
    });
    const alg = audience === TARGETS.ES256 ? 'ES256' : 'RS256';
    const info = { scope: '', audience, accessTokenFormat: 'jwt', accessTokenTTL: 900, jwt: { sign: { alg } } };
    token.resourceServer = new provider.ResourceServer(audience, info);
    const accessToken = await token.save();
    context.body = {
      access_token: accessToken,
      issued_token_type: TOKEN_TYPE.accessToken,
      token_type: 'Bearer',
      expires_in: token.expiration,
    };
  };
  provider.registerGrantType(GRANT.tokenExchange, exchange, ['subject_token', 'subject_token_type', 'audience']);
  const server = createServer(provider.callback());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

function median(sorted: readonly number[]): number {
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
