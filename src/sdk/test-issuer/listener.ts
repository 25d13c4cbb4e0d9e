import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';

/** A server on loopback. */
export interface Listening {
  /** `http://127.0.0.1:<port>`. */
  readonly origin: string;
  /** Who answers; until then connections are cut. */
  answerWith(answerer: Answerer): void;
  close(): Promise<void>;
}

/** One request with its whole body. */
export interface Received {
  readonly url: string;
  readonly method: string;
  readonly contentType: string;
  readonly body: string;
}

/** Answers one request; when it throws, the connection is cut. `signal` tells that the asker left. */
export type Answerer = (received: Received, signal: AbortSignal) => Promise<Response>;

/** Listens on a free port of 127.0.0.1. */
export async function listen(): Promise<Listening> {
  let answerer: Answerer = nobody;
  const server = createServer((incoming, outgoing) => {
    void serve(answerer, incoming, outgoing);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    origin: `http://127.0.0.1:${portOf(server)}`,
    answerWith: (given) => {
      answerer = given;
    },
    close: () => close(server),
  };
}

function nobody(): Promise<Response> {
  return Promise.reject(new Error('nobody answers yet'));
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}

async function serve(answerer: Answerer, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const left = new AbortController();
  outgoing.once('close', () => {
    left.abort();
  });
  try {
    const answer = await answerer(await receive(incoming), left.signal);
    outgoing.writeHead(answer.status, Object.fromEntries(answer.headers));
    outgoing.end(Buffer.from(await answer.arrayBuffer()));
  } catch {
    outgoing.destroy();
  }
}

async function receive(incoming: IncomingMessage): Promise<Received> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
  const { url = '/', method = 'GET', headers } = incoming;
  return { url, method, contentType: headers['content-type'] ?? '', body: Buffer.concat(chunks).toString('utf8') };
}
