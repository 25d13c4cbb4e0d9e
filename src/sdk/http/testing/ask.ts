import { request as rawRequest } from 'node:http';
import type { Server } from 'node:net';
import type { TestContext } from 'node:test';

/** What is asked of an application; several `authorization` values are several headers. */
export interface Question {
  readonly path: string;
  readonly authorization?: string | readonly string[] | undefined;
  readonly cookie?: string;
  readonly form?: string;
}

/** What it answered. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

/** Headers of a question as a flat list, as they go over the wire. */
export function headersOf({ authorization, cookie, form }: Question): string[] {
  const headers: string[] = [];
  for (const value of authorization === undefined ? [] : [authorization].flat()) headers.push('Authorization', value);
  if (cookie !== undefined) headers.push('Cookie', cookie);
  if (form !== undefined) headers.push('Content-Type', 'application/x-www-form-urlencoded');
  return headers;
}

/** Asks over a connection of its own, so that headers go out as they are. */
export function askOverHttp(origin: string, question: Question): Promise<Answer> {
  const url = new URL(question.path, origin);
  return new Promise((resolve, reject) => {
    const headers = [...headersOf(question), 'Host', url.host];
    if (question.form !== undefined) headers.push('Content-Length', String(question.form.length));
    const method = question.form === undefined ? 'GET' : 'POST';
    const sent = rawRequest(url, { method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const seen: Record<string, string> = {};
        for (const [name, value] of Object.entries(response.headers)) seen[name] = [value].flat().join(', ');
        resolve({
          status: response.statusCode ?? 0,
          headers: seen,
          body: Buffer.concat(chunks).toString(),
        });
      });
    });
    sent.on('error', reject);
    sent.end(question.form);
  });
}

/** The origin of a server once it listens on loopback; closed with the test. */
export async function listenOnce(t: TestContext, server: Server): Promise<string> {
  t.after(() => {
    server.close();
  });
  if (!server.listening) await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}
