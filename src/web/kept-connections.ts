import type { Agent } from 'node:http';

/**
 * Lets go of the connections to the host of this URL that are kept for later. When one of them turns out to lead nowhere, the server it
 * led to is gone, or something between has forgotten them all: the next try would find the next dead one.
 */
export function dropKept(agent: Agent, { hostname, port, protocol }: URL): void {
  const host = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  // As agents call them: host, port, and what else two connections may differ in.
  const name = `${host}:${port === '' ? (protocol === 'https:' ? 443 : 80) : port}:`;
  for (const [key, kept = []] of Object.entries(agent.freeSockets)) {
    if (key.startsWith(name)) for (const socket of kept) socket.destroy();
  }
}
