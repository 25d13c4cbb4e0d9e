import { request } from 'node:http';
import type { Agent, IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** Where to, and with which headers. */
interface Onward {
  readonly agent: Agent;
  readonly port: number;
  readonly headers: IncomingHttpHeaders;
}

/** Pipes a request on over a connection that is kept. */
export function passOn(
  { agent, port, headers }: Onward,
  incoming: IncomingMessage,
  answered: (answer: IncomingMessage) => void,
): void {
  const { method = 'GET', url = '/' } = incoming;
  const onward = request({ agent, host: '127.0.0.1', port, method, path: url, headers }, answered);
  onward.on('error', () => incoming.destroy());
  incoming.pipe(onward);
}
