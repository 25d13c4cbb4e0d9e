import type { AppId } from '../registry/app-id.ts';
import { appId } from '../registry/app-id.ts';
import type { App, Snapshot } from '../registry/model.ts';
import { type AppPorts, createPortBook } from './ports.ts';

/** Where apps live on this machine. */
export interface Places {
  ports(app: AppId): AppPorts;
  /** Where browsers reach the app here: its loopback ingresses as they are, any other at the app's own port. */
  ingresses(app: AppId, declared: readonly string[]): readonly string[];
  /** FULLMAKT_OUTBOUND_URLS: where those apps answer that its outbound rules name and that there are. */
  outboundUrls(app: App, snapshot: Snapshot): string;
}

/** Places by the port book in `file`. */
export function createPlaces(file: string, portOffset: number): Places {
  const ports = createPortBook(file, portOffset);
  return {
    ports,
    ingresses: (app, declared) => [...new Set(declared.map((url) => placed(url, ports(app).ingress)))],
    outboundUrls: (app, snapshot) => {
      const targets = app.spec.outbound
        .map((rule) => snapshot.app(appId(rule.cluster, rule.namespace, rule.application))?.id)
        .filter((target) => target !== undefined);
      return JSON.stringify(Object.fromEntries(targets.map((target) => [target, `http://127.0.0.1:${ports(target).app}`])));
    },
  };
}

function placed(url: string, port: number): string {
  const { hostname, pathname } = new URL(url);
  if (hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]') return url;
  return `http://localhost:${port}${pathname === '/' ? '' : pathname}`;
}
