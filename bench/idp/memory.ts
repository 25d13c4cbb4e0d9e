import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { importSigningKey } from '../../src/oauth/jwk.ts';
import type { SigningKey } from '../../src/oauth/jwk.ts';
import { codeChallenge, createCodeVerifier } from '../../src/oauth/pkce.ts';
import { CLIENTS } from '../../src/idp/testing/rows.ts';
import { endChild, startChild, usageOf } from './child.ts';
import type { Child } from './child.ts';
import { postRequest, sendAll } from './load.ts';
import type { Figure } from './report.ts';
import { authentication, makeRequests, maskinportenGrant } from './requests.ts';
import type { BenchKeys } from './world.ts';

interface Work {
  readonly keys: BenchKeys;
  readonly stateDir: string;
  readonly logins: number;
  readonly calls: number;
}

const CALLBACK = 'http://127.0.0.1:7500/oauth2/callback';
const MEBIBYTE = 1024 * 1024;
const AT_ONCE = 500;

/** What one process with all three services holds after many logins at ID-porten and many token calls at Maskinporten. */
export async function measureMemory({ keys, stateDir, logins, calls }: Work): Promise<Figure> {
  const task = { personas: ['idporten', 'entra', 'maskinporten'], stateDir, keys };
  const child = await startChild(join(import.meta.dirname, 'ours.ts'), task);
  const before = await usageOf(child);
  for (let done = 0; done < logins; done += AT_ONCE) await signIn(child, keys, Math.min(AT_ONCE, logins - done));
  const between = await usageOf(child);
  const requests = await makeRequests(maskinportenGrant(keys), calls);
  await sendAll({ port: child.ports['Maskinporten'] ?? 0, requests, connections: 16 });
  const after = await usageOf(child);
  await endChild(child);
  const [idle, middle, end] = [before, between, after].map((usage) => usage.rssBytes / MEBIBYTE);
  console.log(
    `\nRSS: ${Math.round(idle ?? 0)} MiB at start, ${Math.round(middle ?? 0)} after ${logins} logins, ${Math.round(end ?? 0)} after ${calls} token calls more`,
  );
  return { figure: `rss MiB after ${logins} logins and ${calls} token calls`, ours: end ?? 0, target: 120 };
}

/** Logins without a browser: each a session, a code, and the tokens for it. */
async function signIn(child: Child, keys: BenchKeys, count: number): Promise<void> {
  const verifier = createCodeVerifier();
  const key = importSigningKey(keys.RS256);
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const codes = await Promise.all(
    Array.from({ length: count }, () => getCode(child.ports['ID-porten login'] ?? 0, verifier, agent)),
  );
  agent.destroy();
  const requests = await Promise.all(codes.map((code) => redeem(key, code, verifier)));
  await sendAll({ port: child.ports['ID-porten'] ?? 0, requests, connections: 16 });
}

function getCode(port: number, verifier: string, agent: Agent): Promise<string> {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: CLIENTS.portal,
    redirect_uri: CALLBACK,
    scope: 'openid profile',
    state: 'state',
    nonce: 'nonce',
    code_challenge: codeChallenge(verifier),
    code_challenge_method: 'S256',
    login_hint: 'testid:01819090285_idporten-loa-high',
  });
  return new Promise((resolve, reject) => {
    const outgoing = request({ port, host: '127.0.0.1', path: `/authorize?${query.toString()}`, agent }, (answer) => {
      answer.resume();
      const code = URL.parse(answer.headers.location ?? '')?.searchParams.get('code');
      answer.on('end', () => (code ? resolve(code) : reject(new Error(`no code: ${answer.statusCode}`))));
    });
    outgoing.on('error', reject).end();
  });
}

async function redeem(key: SigningKey, code: string, verifier: string): Promise<Buffer> {
  return postRequest('/token', {
    grant_type: 'authorization_code',
    code,
    redirect_uri: CALLBACK,
    code_verifier: verifier,
    ...(await authentication(key, CLIENTS.portal, 'http://localhost:7410')),
  });
}
