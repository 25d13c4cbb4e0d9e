import { quietPort } from '../contract/sidecar/quiet-port.ts';

/** A loopback port that nobody listens on now, for a server that has to be told its port: none that others are given by the system. */
export function freePort(): Promise<number> {
  return quietPort();
}
