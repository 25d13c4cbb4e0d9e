/** The `upstreams` setting: applications of their own below one path, as JSON. */
import { parseApplication } from './kinds.ts';

/** An application of its own below one path, and what the token for it is exchanged to. */
export interface UpstreamRoute {
  /** Segment prefix, `/api`. */
  readonly path: string;
  readonly upstream: string;
  /** The target's name per network; absent: it gets the login token. */
  readonly audience: { readonly tokenx?: string; readonly entra?: string } | undefined;
}

const FORM = 'an object of paths, each {"upstream": URL, "audience": {"tokenx": …, "entra": …}}';
const PATH = /^(?:\/[A-Za-z0-9._~-]+)+$/;

type Members = Readonly<Record<string, unknown>>;

function membersOf(value: unknown, allowed: readonly string[], where: string): Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`${FORM}; ${where} is none`);
  const members = Object.entries(value);
  const unknown = members.find(([name]) => !allowed.includes(name));
  if (unknown !== undefined) throw new Error(`${FORM}; ${unknown[0]} of ${where} is none of these`);
  return Object.fromEntries(members);
}

function textOf(value: unknown, where: string): string {
  if (typeof value !== 'string' || value === '') throw new Error(`${FORM}; ${where} is text`);
  return value;
}

function audienceOf(value: unknown, path: string): UpstreamRoute['audience'] {
  if (value === undefined) return undefined;
  const { tokenx, entra } = membersOf(value, ['tokenx', 'entra'], `audience of ${path}`);
  if (tokenx === undefined && entra === undefined) throw new Error(`${FORM}; audience of ${path} names no network`);
  return {
    ...(tokenx === undefined ? {} : { tokenx: textOf(tokenx, `tokenx of ${path}`) }),
    ...(entra === undefined ? {} : { entra: textOf(entra, `entra of ${path}`) }),
  };
}

function routeOf(path: string, value: unknown): UpstreamRoute {
  const plain = path.replace(/\/$/, '');
  if (!PATH.test(plain) || /\/\.{1,2}(?:\/|$)/.test(plain))
    throw new Error(`${FORM}; ${path} is no path of plain segments`);
  const { upstream, audience } = membersOf(value, ['upstream', 'audience'], path);
  return {
    path: plain,
    upstream: parseApplication(textOf(upstream, `upstream of ${path}`)),
    audience: audienceOf(audience, path),
  };
}

/** Parses the setting, longest path first; throws an Error whose message is the expected form. */
export function parseUpstreams(value: unknown): readonly UpstreamRoute[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(FORM);
  const routes = Object.entries(value).map(([path, route]) => routeOf(path, route));
  const twice = routes.find((route, at) => routes.findIndex((other) => other.path === route.path) !== at);
  if (twice !== undefined) throw new Error(`${FORM}; ${twice.path} is there twice`);
  return routes.toSorted((one, other) => other.path.length - one.path.length);
}
