import type { AppId } from '../registry/app-id.ts';
import { type AppPorts, createPortBook } from './ports.ts';

/** Where apps live on this machine. */
export interface Places {
  ports(app: AppId): AppPorts;
  /** Where browsers reach the app here: its loopback ingresses as they are, any other at the app's own port. */
  ingresses(app: AppId, declared: readonly string[]): readonly string[];
}

/** Places by the port book in `file`. */
export function createPlaces(file: string, portOffset: number): Places {
  const ports = createPortBook(file, portOffset);
  return {
    ports,
    ingresses: (app, declared) => [...new Set(declared.map((url) => placed(url, ports(app).ingress)))],
  };
}

function placed(url: string, port: number): string {
  const { hostname, pathname } = new URL(url);
  if (hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]') return url;
  return `http://localhost:${port}${pathname === '/' ? '' : pathname}`;
}
