import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below those a system gives to whoever asks for any port. */
const PORTS = { from: 20_000, to: 32_000 } as const;

/**
 * A loopback port for a server that is told its port and takes a while to listen there: one that no system hands out to somebody
 * else in between, who would then answer in its place.
 */
export async function quietPort(): Promise<number> {
  for (;;) {
    const port = randomInt(PORTS.from, PORTS.to);
    if ((await reserve(port)) && (await isFree(port))) return port;
  }
}

/**
 * Takes the port of the same number for datagrams, which no server here uses, for as long as this process lives: whoever asks in another
 * process meanwhile gets another port, though nobody listens at this one yet. False when somebody has it.
 */
export async function reserve(port: number): Promise<boolean> {
  const mark = createSocket('udp4').unref();
  mark.bind({ port, address: '127.0.0.1', exclusive: true });
  try {
    await once(mark, 'listening');
    return true;
  } catch {
    mark.close();
    return false;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
