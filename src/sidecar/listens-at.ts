import type { Address } from '../settings.ts';
import type { SidecarConfig } from './config.ts';

/** Where the API is unless told, and no socket is there in its place. */
const DEFAULT_ADDRESS: Address = { host: '127.0.0.1', port: 3000 };

/** The address of the API; undefined when there is none, and applications use the socket. */
export function apiAddress({ bind, socket }: Pick<SidecarConfig, 'bind' | 'socket'>): Address | undefined {
  if (bind === 'none') return undefined;
  return bind ?? (socket === undefined ? DEFAULT_ADDRESS : undefined);
}
