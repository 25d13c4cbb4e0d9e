import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { TestContext } from 'node:test';

/** Where keys are fetched from, and everything that may be wrong there. */
export interface KeyServer {
  readonly url: string;
  /** How it answers from now on. */
  answer: (response: ServerResponse) => void;
  /** Requests so far. */
  requests(): number;
}

/** Answers with JSON. */
export const sends =
  (document: unknown, status = 200) =>
  (response: ServerResponse): void =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(document));

/** Answers with these bytes. */
export const sendsText =
  (text: string | Buffer, type = 'application/json') =>
  (response: ServerResponse): void =>
    void response.writeHead(200, { 'content-type': type }).end(text);

/** Starts one that knows no key; it ends with the test. */
export async function startKeyServer(t: TestContext): Promise<KeyServer> {
  let requests = 0;
  const server = createServer((_request, response) => {
    requests += 1;
    made.answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(
    () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  );
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the key server has no port');
  const made: KeyServer = {
    url: `http://127.0.0.1:${address.port}/jwks`,
    answer: sends({ keys: [] }),
    requests: () => requests,
  };
  return made;
}
