import { request as httpRequest } from 'node:http';
import type { OutgoingHttpHeaders } from 'node:http';
import { CLIENT_ASSERTION_TYPE, GRANT, TOKEN_TYPE } from '../../oauth/client-assertion.ts';

/** The parameters of a form; undefined leaves one out. */
export type Parameters = Readonly<Record<string, string | undefined>>;

/** What came back. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The content type of every good request. */
export const FORM: OutgoingHttpHeaders = { 'Content-Type': 'application/x-www-form-urlencoded' };

/** The form of a good exchange for `dev:fleet:api` with these parameters changed. A token that is given, if only as undefined, is not made. */
export async function exchangeForm(
  { assertion, subject }: { readonly assertion: () => Promise<string>; readonly subject: () => Promise<string> },
  parameters: Parameters = {},
): Promise<URLSearchParams> {
  const all: Parameters = {
    grant_type: GRANT.tokenExchange,
    client_assertion_type: CLIENT_ASSERTION_TYPE,
    client_assertion: 'client_assertion' in parameters ? undefined : await assertion(),
    subject_token_type: TOKEN_TYPE.jwt,
    subject_token: 'subject_token' in parameters ? undefined : await subject(),
    audience: 'dev:fleet:api',
    ...parameters,
  };
  return new URLSearchParams(
    Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** Has a request in work whose body does not come; the result ends it. */
export function holdRequest(url: string): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const headers = { ...FORM, 'Content-Length': 1, Expect: '100-continue' };
    const outgoing = httpRequest(url, { method: 'POST', headers, agent: false });
    outgoing.on('error', reject);
    outgoing.on('continue', () => resolve(() => outgoing.destroy()));
    outgoing.flushHeaders();
  });
}

/** Sends a request over a connection of its own. */
export function sendRequest(
  url: string,
  method: string,
  { headers = {}, body = '' }: { readonly headers?: OutgoingHttpHeaders; readonly body?: string | Buffer },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(url, {
      method,
      headers: { 'Content-Length': Buffer.byteLength(body), ...headers },
      agent: false,
    });
    outgoing.on('error', reject);
    outgoing.on('response', (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const isJson = incoming.headers['content-type'] === 'application/json';
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          text,
          body: isJson ? JSON.parse(text) : {},
        });
      });
    });
    outgoing.end(body);
  });
}
