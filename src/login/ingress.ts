/** The public URLs under which browsers reach the application, and which of them a request came for. Pure. */
import { hash } from 'node:crypto';
import type { PageLocale } from './pages/locale.ts';
import type { CanonicalPath } from './proxy/path.ts';
import { isUnder } from './proxy/path.ts';

/** One configured public URL. Never learned from a request. */
export interface Ingress {
  /** `https://nav.example/app`: what URLs sent to a provider are built from. */
  readonly url: string;
  readonly origin: string;
  /** host[:port], lower-case, as in `Host`. */
  readonly host: string;
  readonly scheme: 'https' | 'http';
  /** Path without a trailing slash, often empty. */
  readonly path: string;
  readonly segments: readonly string[];
  /** Tells the cookies of several paths of one host apart; part of their names. */
  readonly pathHash: string;
  /** What our own pages here go by. */
  readonly pages: {
    /** Language for those who ask for none that we speak. */
    readonly locale: PageLocale;
    /** Where the link home leads. */
    readonly homeUrl: string;
  };
}

const PATH_HASH_CHARACTERS = 6;
const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Whether a host name stands for this machine wherever it is looked up (RFC 6761 6.3). */
export function isLocalName(hostname: string): boolean {
  return hostname === 'localhost' || hostname.endsWith('.localhost');
}

/** Reads one ingress; throws an Error that says what is wrong with it. */
export function parseIngress(text: string): Ingress {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new Error(`${text} is not an http(s) URL`);
  }
  if (url.search !== '' || url.hash !== '' || url.username !== '')
    throw new Error(`${text} may have a path, nothing more`);
  if (url.protocol === 'http:' && !LOOPBACK.has(url.hostname) && !isLocalName(url.hostname)) {
    throw new Error(`${text} must use https; http is for localhost only`);
  }
  const path = url.pathname.replace(/(?<!\/)\/+$/, '');
  if (!/^(\/[A-Za-z0-9._~-]+)*$/.test(path)) throw new Error(`${text} has a path that is not plain segments`);
  return {
    url: url.origin + path,
    origin: url.origin,
    host: url.host.toLowerCase(),
    scheme: url.protocol === 'https:' ? 'https' : 'http',
    path,
    segments: path.split('/').slice(1),
    pathHash: hash('sha256', path).slice(0, PATH_HASH_CHARACTERS),
    pages: { locale: 'nb', homeUrl: path === '' ? '/' : path },
  };
}

/** The ingresses of this host, however spelled; empty when the host is none of ours. */
export function ingressesOfHost(ingresses: readonly Ingress[], host: string): readonly Ingress[] {
  const wanted = host.toLowerCase();
  return ingresses.filter((ingress) => ingress.host === wanted);
}

/** Of the ingresses of one host, the one whose path is the longest prefix on a segment boundary. */
export function matchIngress(candidates: readonly Ingress[], path: CanonicalPath): Ingress | undefined {
  return candidates
    .filter((ingress) => isUnder(path, ingress.segments))
    .toSorted((one, other) => other.segments.length - one.segments.length)[0];
}
