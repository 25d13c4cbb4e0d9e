import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { keep, readAnswer } from '../../src/login/testing/browser.ts';
import type { Answer } from '../../src/login/testing/browser.ts';

/** The application's public host, as the example files have it. */
export const HOST = 'app.example.test';

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
      readAnswer(incoming).then(resolve, reject);
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
