// The least a proxy on Node can do: a request goes on as it came, its answer goes back as it comes.
import { once } from 'node:events';
import { Agent, createServer } from 'node:http';
import { passOn } from './pass-on.ts';
import { portOf } from './port.ts';

const [{ upstreamPort }] = await once(process, 'message');
const agent = new Agent({ keepAlive: true });
const server = createServer({ keepAliveTimeout: 120_000 }, (incoming, outgoing) => {
  passOn({ agent, port: Number(upstreamPort), headers: incoming.headers }, incoming, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
    answer.pipe(outgoing);
  });
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.on('disconnect', () => process.exit(0));
process.send?.({ port: portOf(server) });
