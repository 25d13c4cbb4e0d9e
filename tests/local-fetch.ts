import { readFileSync } from 'node:fs';
import { Agent, request } from 'undici';

/** What a test browser needs of fetch; headers are sent as given, `Sec-Fetch-*` included, which the built-in fetch overwrites. */
export type TestFetch = (
  url: string,
  init?: { method?: string; headers?: Record<string, string>; body?: string },
) => Promise<Response>;

/** A fetch without redirects that trusts the private CA of a local platform, for its https listeners. */
export function localFetch(caFile: string | undefined): TestFetch {
  const dispatcher = new Agent(caFile === undefined ? {} : { connect: { ca: readFileSync(caFile, 'utf8') } });
  return async (url, { method = 'GET', headers = {}, body } = {}) => {
    const answer = await request(url, { dispatcher, method, headers, body: body ?? null });
    const text = await answer.body.text();
    const received = new Headers();
    for (const [name, value] of Object.entries(answer.headers))
      for (const each of [value ?? []].flat()) received.append(name, each);
    return new Response([204, 304].includes(answer.statusCode) ? null : text, {
      status: answer.statusCode,
      headers: received,
    });
  };
}
