import { request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';

/** The application's public host, as the example files have it. */
export const HOST = 'app.example.test';

/** An answer as it came to the browser. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly setCookies: readonly string[];
  readonly body: string;
}

/** How to ask. */
export interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A browser that trusts the outer proxy's certificate. */
export interface SecureBrowser {
  readonly jar: Map<string, string>;
  ask(path: string, asking?: Asking): Promise<Answer>;
  /** The same as somebody who follows a link. */
  visit(path: string, asking?: Asking): Promise<Answer>;
  /** As a script of the page would. */
  fetch(path: string, asking?: Asking): Promise<Answer>;
}

const LINK = {
  accept: 'text/html',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  'sec-fetch-site': 'none',
};
const SCRIPT = { accept: '*/*', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', 'sec-fetch-site': 'same-origin' };

function keep(jar: Map<string, string>, setCookies: readonly string[]): void {
  for (const cookie of setCookies) {
    const [pair = ''] = cookie.split(';');
    const at = pair.indexOf('=');
    if (/; Max-Age=0(?:;|$)/.test(cookie)) jar.delete(pair.slice(0, at));
    else jar.set(pair.slice(0, at), pair.slice(at + 1));
  }
}

/** Sends one request to a port of this machine, byte for byte the path given. */
export function send(
  to: { readonly port: number; readonly secure: boolean; readonly from?: string },
  path: string,
  { method = 'GET', headers = {}, body }: Asking = {},
): Promise<Answer> {
  const options = {
    host: '127.0.0.1',
    port: to.port,
    path,
    method,
    headers: { host: HOST, ...headers },
    agent: false as const,
    servername: HOST,
    rejectUnauthorized: false,
    ...(to.from === undefined ? {} : { localAddress: to.from }),
  };
  return new Promise((resolve, reject) => {
    const outgoing = (to.secure ? httpsRequest : httpRequest)(options, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () =>
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          setCookies: incoming.headers['set-cookie'] ?? [],
          body: Buffer.concat(chunks).toString('utf8'),
        }),
      );
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** A browser at an outer proxy. */
export function createSecureBrowser(port: number): SecureBrowser {
  const jar = new Map<string, string>();
  async function ask(path: string, asking: Asking = {}): Promise<Answer> {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { ...(cookie === '' ? {} : { cookie }), ...asking.headers };
    const answer = await send({ port, secure: true }, path, { ...asking, headers });
    keep(jar, answer.setCookies);
    return answer;
  }
  return {
    jar,
    ask,
    visit: (path, asking = {}) => ask(path, { ...asking, headers: { ...LINK, ...asking.headers } }),
    fetch: (path, asking = {}) => ask(path, { ...asking, headers: { ...SCRIPT, ...asking.headers } }),
  };
}
