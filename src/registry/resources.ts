import type { AppId } from './app-id.ts';
import type { App, Client } from './model.ts';

/**
 * Finds the app that a resource indicator means (RFC 8707 2): the one that declared exactly this identifier, else the one whose
 * ingress is the longest prefix of it that ends at a path segment. Scheme and host in lower case, without default port, as
 * {@link canonicalResource} makes them; undefined for anything else.
 */
export function indexResources(rows: {
  readonly apps: readonly App[];
  readonly clients: readonly Client[];
}): (resource: string) => AppId | undefined {
  const declared = new Map<string, AppId>();
  const ingresses = new Map<string, AppId>();
  for (const { app, registration } of rows.clients) {
    if (registration.provider !== 'tokenx') continue;
    for (const resource of registration.resources ?? []) declared.set(canonicalResource(resource) ?? resource, app);
  }
  for (const { id, spec } of rows.apps) {
    for (const ingress of spec.ingresses) ingresses.set(withoutSlash(canonicalResource(ingress) ?? ingress), id);
  }
  return (resource) => {
    const canonical = canonicalResource(resource);
    if (canonical === undefined) return undefined;
    return declared.get(canonical) ?? longestPrefix(ingresses, canonical);
  };
}

/** An absolute URI in one spelling; undefined when it is relative, or has a fragment or a query. */
export function canonicalResource(resource: string): string | undefined {
  if (/[#?\\\s]/.test(resource) || !URL.canParse(resource)) return undefined;
  const url = new URL(resource);
  // The parser would resolve dot segments: what was written would not be what is compared.
  if (url.username !== '' || url.password !== '' || /(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)/i.test(resource)) return undefined;
  if (url.host === '') return resource;
  const path = resource.slice(resource.indexOf('//') + 2).replace(/^[^/]*/, '');
  return `${url.protocol}//${url.host}${path === '' ? '/' : path}`;
}

function longestPrefix(ingresses: ReadonlyMap<string, AppId>, resource: string): AppId | undefined {
  for (let path = withoutSlash(resource); path.includes('://'); path = path.slice(0, path.lastIndexOf('/'))) {
    const app = ingresses.get(path);
    if (app !== undefined) return app;
    if (path.lastIndexOf('/') <= path.indexOf('://') + 2) return undefined;
  }
  return undefined;
}

function withoutSlash(text: string): string {
  return text.endsWith('/') ? text.slice(0, -1) : text;
}
