/** A browser for tests: cookies, fetch metadata, any Host. */
import { request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';

/** An answer as it came. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly setCookies: readonly string[];
  readonly body: string;
}

/** How to ask. */
interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string;
  /** Fetch metadata of a link typed or followed on our own site; off = none at all. */
  readonly navigate?: boolean;
  readonly cookies?: boolean;
}

/** A browser with one cookie jar. */
export interface TestBrowser {
  readonly jar: Map<string, string>;
  ask(path: string, ask?: Ask): Promise<Answer>;
  /** The same as a top-level navigation from our own pages. */
  visit(path: string, ask?: Ask): Promise<Answer>;
}

const NAVIGATION = {
  accept: 'text/html,application/xhtml+xml',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  'sec-fetch-site': 'same-origin',
};

/** The whole answer. */
export async function readAnswer(incoming: IncomingMessage): Promise<Answer> {
  return {
    status: incoming.statusCode ?? 0,
    headers: incoming.headers,
    setCookies: incoming.headers['set-cookie'] ?? [],
    body: await text(incoming),
  };
}

function send(
  port: number,
  path: string,
  ask: Ask & { readonly headers: Record<string, string | readonly string[]> },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = Object.fromEntries(
      Object.entries(ask.headers).map(([name, value]) => [name, typeof value === 'string' ? value : [...value]]),
    );
    const outgoing = httpRequest(
      { host: '127.0.0.1', port, path, method: ask.method ?? 'GET', headers, agent: false },
      (incoming) => {
        readAnswer(incoming).then(resolve, reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(ask.body);
  });
}

/** Keeps and forgets cookies as a browser does. */
export function keep(jar: Map<string, string>, setCookies: readonly string[]): void {
  for (const cookie of setCookies) {
    const [pair = '', ...attributes] = cookie.split(';').map((part) => part.trim());
    const name = pair.slice(0, pair.indexOf('='));
    if (attributes.some((attribute) => attribute.toLowerCase() === 'max-age=0')) jar.delete(name);
    else jar.set(name, pair.slice(pair.indexOf('=') + 1));
  }
}

/** A browser that speaks to one port, whatever the host it believes in. */
export function createBrowser(port: number, host: string): TestBrowser {
  const jar = new Map<string, string>();
  async function ask(path: string, options: Ask = {}): Promise<Answer> {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers: Record<string, string | readonly string[]> = {
      host,
      ...(options.navigate === true ? NAVIGATION : {}),
      ...(cookie === '' || options.cookies === false ? {} : { cookie }),
      ...options.headers,
    };
    const answer = await send(port, path, { ...options, headers });
    if (options.cookies !== false) keep(jar, answer.setCookies);
    return answer;
  }
  return { jar, ask, visit: (path, options = {}) => ask(path, { ...options, navigate: true }) };
}
