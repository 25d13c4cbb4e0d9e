import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { pathWithToken } from './world.ts';

/** Signs so many people in at this Apache; gives the `Cookie` header of each. */
export async function logInAtApache(port: number, count: number): Promise<readonly string[]> {
  const cookies: string[] = [];
  for (let person = 0; person < count; person += 1) {
    // oxlint-disable-next-line no-await-in-loop -- a login is done in a moment
    cookies.push(await logIn(`http://127.0.0.1:${port}${pathWithToken('/secure/app')}`));
  }
  return cookies;
}

async function logIn(page: string): Promise<string> {
  const jar = new Map<string, string>();
  let url = page;
  for (let hop = 0; hop < 5; hop += 1) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    // oxlint-disable-next-line no-await-in-loop -- one answer leads to the next request
    const { status, headers } = await visit(url, cookie);
    for (const line of headers['set-cookie'] ?? []) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') jar.delete(name);
      else jar.set(name, value);
    }
    if (status === 200) return cookie;
    if (headers.location === undefined) throw new Error(`${status} for ${url}`);
    url = new URL(headers.location, url).href;
  }
  throw new Error('this login never ends');
}

/** A navigation: what `fetch` sends says that it is none. */
async function visit(url: string, cookie: string): Promise<{ status: number; headers: IncomingHttpHeaders }> {
  const asked = request(url, { agent: false, headers: { accept: 'text/html', cookie } }).end();
  const [answer]: IncomingMessage[] = await once(asked, 'response');
  if (answer === undefined) throw new Error('no answer');
  answer.resume();
  await once(answer, 'end');
  return { status: answer.statusCode ?? 0, headers: answer.headers };
}
