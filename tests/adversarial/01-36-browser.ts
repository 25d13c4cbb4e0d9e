import { once } from 'node:events';
import { Agent, request as send } from 'node:http';
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { assertLoopback, loopbackSocket } from '../loopback.ts';

const ADDRESS = '127.0.0.1';
/** A raw conversation is over after so many looks without another byte. */
const QUIET_LOOKS = 40;
const LOOK_MS = 10;
/** The same for one in which an answer has to come. */
const PATIENT_LOOKS = 2000;
/** One request without a body that asks for the end of the connection: whoever gets it answers, well or ill. */
const TO_BE_ANSWERED = /^(?:GET|HEAD) (?:(?!\r\n\r\n)[^])*\r\nConnection: close\r\n\r\n$/;

/** An answer as it came. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly location: string | null;
  readonly setCookies: readonly string[];
  readonly body: string;
}

/** How to ask. */
interface Ask {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string;
}

/** A browser with one cookie jar that speaks to one port, whatever host it believes in. */
export interface Browser {
  readonly jar: Map<string, string>;
  ask(path: string, ask?: Ask): Promise<Answer>;
  /** As a top-level navigation from our own pages. */
  visit(path: string, ask?: Ask): Promise<Answer>;
}

const NAVIGATION = {
  accept: 'text/html',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  'sec-fetch-site': 'same-origin',
};

/** A new browser with an empty jar. `agent` belongs to the caller. */
export function createBrowser(port: number, host: string, agent: Agent): Browser {
  const jar = new Map<string, string>();
  async function ask(path: string, { method = 'GET', headers = {}, body }: Ask = {}): Promise<Answer> {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const own = { host, ...(cookie === '' ? {} : { cookie }), ...headers };
    const outgoing = send({ host: ADDRESS, port, path, method, headers: own, agent });
    outgoing.end(body);
    const [incoming] = await once(outgoing, 'response');
    const answer = await read(incoming);
    keep(jar, answer.setCookies);
    return answer;
  }
  assertLoopback(ADDRESS);
  return {
    jar,
    ask,
    visit: (path, { headers = {}, ...rest } = {}) => ask(path, { ...rest, headers: { ...NAVIGATION, ...headers } }),
  };
}

type Incoming = Parameters<NonNullable<Parameters<typeof send>[2]>>[0];

async function read(incoming: Incoming): Promise<Answer> {
  const body = await buffer(incoming);
  return {
    status: incoming.statusCode ?? 0,
    headers: incoming.headers,
    location: incoming.headers.location ?? null,
    setCookies: incoming.headers['set-cookie'] ?? [],
    body: body.toString('utf8'),
  };
}

function keep(jar: Map<string, string>, setCookies: readonly string[]): void {
  for (const line of setCookies) {
    const [pair = ''] = line.split(';');
    const at = pair.indexOf('=');
    if (/;\s*max-age=0/i.test(line)) jar.delete(pair.slice(0, at));
    else jar.set(pair.slice(0, at), pair.slice(at + 1));
  }
}

/**
 * Writes bytes on a connection of their own and answers everything that came back until it was closed, or looked like
 * `whole`. A peer that waits for more gets the end of the connection instead. How long that takes is told by how often this process
 * had its turn, in which the peer often is, too: on a busy machine a clock alone would cut who is about to answer.
 */
export async function converse(port: number, bytes: string | Buffer, whole?: RegExp): Promise<string> {
  const socket = await loopbackSocket({ host: ADDRESS, port });
  const sent = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
  const most = whole !== undefined || TO_BE_ANSWERED.test(sent.toString('latin1')) ? PATIENT_LOOKS : QUIET_LOOKS;
  let heard = '';
  let quiet = 0;
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    quiet = 0;
    heard += chunk;
    if (whole?.test(heard) === true) socket.end();
  });
  socket.on('end', () => socket.end());
  socket.on('error', () => socket.destroy());
  socket.write(sent);
  const looks = setInterval(() => {
    quiet += 1;
    if (quiet === most) socket.end();
  }, LOOK_MS);
  await new Promise((resolve) => {
    socket.once('close', resolve);
  });
  clearInterval(looks);
  return heard;
}

/** The status of the first answer in what was heard; 0 when there is none. */
export function statusOf(heard: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(heard)?.[1] ?? 0);
}
