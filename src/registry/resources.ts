import type { AppId } from './app-id.ts';
import type { App, Client } from './model.ts';
import type { MapEditor, PersistentMap } from './persistent-map.ts';

/** Longer than any address of an application; what is looked up segment by segment has to end somewhere. */
const MAX_CHARACTERS = 2048;
/** Scheme and characters of a URI (RFC 3986 2, 3.1), without query and fragment. */
const URI = /^[a-z][a-z0-9+.-]*:(?:[a-z0-9\-._~!$&'()*+,;=:@/[\]]|%[0-9a-f]{2})+$/i;
/** What servers read in two ways: dot segments, and a slash or backslash that is written as if it were none. */
const AMBIGUOUS = /(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)|%2f|%5c/i;

/** Apps by a name that should be one app's alone. */
type Owners = Pick<PersistentMap<readonly AppId[]>, 'get'>;
type OwnersEditor = Pick<MapEditor<readonly AppId[]>, 'get' | 'set' | 'delete'>;

/**
 * Finds the app that a resource indicator means (RFC 8707 2): the one that declared exactly this identifier, else the one whose
 * ingress is the longest prefix of it that ends at a path segment. Undefined for anything else, and for what two apps claim: the
 * registrar lets no such pair in.
 */
export function findResource(
  { resources, ingresses }: { readonly resources: Owners; readonly ingresses: Owners },
  resource: string,
): AppId | undefined {
  const canonical = canonicalResource(resource);
  if (canonical === undefined) return undefined;
  return onlyOne(resources.get(canonical) ?? longestPrefix(ingresses, canonical));
}

/** The resource identifiers of a client, as {@link findResource} knows them. */
export function resourceNames({ registration }: Client): readonly string[] {
  if (registration.provider !== 'tokenx') return [];
  return (registration.resources ?? []).flatMap((resource) => canonicalResource(resource) ?? []);
}

/** The ingresses of an app, as {@link findResource} knows them: without a slash at the end. */
export function ingressNames({ spec }: Pick<App, 'spec'>): readonly string[] {
  return spec.ingresses.flatMap((ingress) => {
    const written = URL.canParse(ingress) ? new URL(ingress).href : ingress;
    return canonicalResource(written)?.replace(/(?<!\/)\/+$/, '') ?? [];
  });
}

/** Adds an app to the owners of names. */
export function learn(owners: OwnersEditor, names: readonly string[], app: AppId): void {
  for (const name of names) owners.set(name, [...new Set([...(owners.get(name) ?? []), app])]);
}

/** Takes an app from the owners of names. */
export function forget(owners: OwnersEditor, names: readonly string[], app: AppId): void {
  for (const name of names) {
    const others = (owners.get(name) ?? []).filter((owner) => owner !== app);
    if (others.length === 0) owners.delete(name);
    else owners.set(name, others);
  }
}

/**
 * An absolute URI in one spelling: scheme and host in lower case, no default port, a path. Undefined when it is relative, has user
 * info, a query or a fragment, is over 2,048 characters, or may be read in two ways.
 */
export function canonicalResource(resource: string): string | undefined {
  if (resource.length > MAX_CHARACTERS || !URI.test(resource) || AMBIGUOUS.test(resource)) return undefined;
  const colon = resource.indexOf(':');
  const [scheme, rest] = [resource.slice(0, colon).toLowerCase(), resource.slice(colon + 1)];
  const isWeb = scheme === 'https' || scheme === 'http';
  if (!isWeb) return `${scheme}:${rest}`;
  const [, authority = '', path = ''] = /^\/\/([^/@]+)(\/.*)?$/.exec(rest) ?? [];
  if (authority === '' || !URL.canParse(`${scheme}://${authority}`)) return undefined;
  return `${scheme}://${new URL(`${scheme}://${authority}`).host}${path === '' ? '/' : path}`;
}

/** The owners of the longest ingress that an address lies under. */
function longestPrefix(ingresses: Owners, resource: string): readonly AppId[] | undefined {
  const scheme = resource.indexOf('://');
  const host = scheme === -1 ? -1 : resource.indexOf('/', scheme + 3);
  if (host === -1) return undefined;
  for (let end = resource.length; end >= host; end = resource.lastIndexOf('/', end - 1)) {
    const owners = ingresses.get(resource.slice(0, end));
    if (owners !== undefined) return owners;
  }
  return undefined;
}

function onlyOne(owners: readonly AppId[] | undefined): AppId | undefined {
  return owners?.length === 1 ? owners[0] : undefined;
}
