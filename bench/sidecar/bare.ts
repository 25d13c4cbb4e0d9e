// The least a server on Node can do: it reads the body, looks at the path, and sends bytes that were made before.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { portOf } from '../login/port.ts';
import type { SeenAnswer } from './look.ts';

const [answers] = await once(process, 'message');
const byPath = new Map<string, SeenAnswer>(Object.entries(answers));
const server = createServer({ keepAliveTimeout: 60_000 }, (incoming, outgoing) => {
  const chunks: Buffer[] = [];
  incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
  incoming.on('end', () => {
    const body = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
    const answer = byPath.get(incoming.url ?? '');
    if (answer === undefined || body.length === 0) {
      outgoing.writeHead(404).end();
      return;
    }
    outgoing.writeHead(200, answer.headers);
    outgoing.end(answer.body);
  });
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.on('disconnect', () => process.exit(0));
process.send?.({ port: portOf(server) });
