import { once } from 'node:events';
import type { Server } from 'node:http';

/** Opens an HTTP server on a loopback port of the system's choice, and answers the port; it is closed with the test. */
export async function listen(t: { after(close: () => void): void }, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('server has no port');
  return address.port;
}
