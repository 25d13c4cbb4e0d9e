import { request } from 'node:http';
import type { Asking } from './asking.ts';

/** An answer as it came, without what every server on Node adds by itself. */
export interface SeenAnswer {
  /** Names and values in turn. */
  readonly headers: string[];
  readonly body: string;
}

const OF_NODE: ReadonlySet<string> = new Set(['date', 'connection', 'keep-alive']);

/** Asks once; rejects unless the answer is 200. */
export function lookAt(port: number, { path, type, body }: Asking): Promise<SeenAnswer> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': type };
    const sent = request({ host: '127.0.0.1', port, path, method: 'POST', headers, agent: false }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.once('end', () => {
        const text = Buffer.concat(chunks).toString();
        if (incoming.statusCode === 200) resolve({ headers: ownHeaders(incoming.rawHeaders), body: text });
        else reject(new Error(`${path}: ${incoming.statusCode} ${text}`));
      });
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

function ownHeaders(raw: readonly string[]): string[] {
  return raw.filter((_each, at) => !OF_NODE.has((raw[at - (at % 2)] ?? '').toLowerCase()));
}
