import { isAppIdPart, parseAppId } from '../../registry/app-id.ts';
import { RESERVED_CLAIMS } from '../../registry/reserved-claims.ts';
import { canonicalResource } from '../../registry/resources.ts';
import { pattern, text } from '../shape.ts';
import type { Shape } from '../shape.ts';

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/** What a URL parser takes out, turns round or leaves for others to stumble over: blanks, quotes, backslashes, braces. */
const UNSAFE_IN_URL = /[\s\p{Cc}"'`\\<>{}|^]/u;
const DOT_SEGMENT = /\/(\.|%2e){1,2}(\/|$)/i;

/** One part of an app id. */
export const namePart: Shape<string> = text((value) =>
  isAppIdPart(value) ? undefined : 'expected lower-case letters, digits and inner hyphens, at most 63',
);

/** An app id. */
export const wholeAppId: Shape<string> = text((value) =>
  parseAppId(value) === undefined ? 'expected an app id, cluster:namespace:name' : undefined,
);

/** A name that requests may use for an app (RFC 8707 2). */
export const resourceUri: Shape<string> = text((value) =>
  canonicalResource(value) === undefined ? 'expected an absolute URI without query, fragment or user info' : undefined,
);

/** A claim that tokens may take over from others. */
export const claimName: Shape<string> = text((value) =>
  RESERVED_CLAIMS.has(value) ? `${value} is set or dropped by TokenX itself and cannot be listed` : undefined,
);

/** One part of an app id, or `*`. */
export const namePattern: Shape<string> = text((value) =>
  value === '*' || isAppIdPart(value) ? undefined : 'expected a name (lower-case letters, digits, hyphens) or *',
);

/** A public URL of an app: https, or http on a loopback host; nothing after the path. */
export const ingressUrl: Shape<string> = text((value) => {
  const url = parseUrl(value);
  if (url === undefined) return 'expected a URL such as https://app.example.no';
  if (UNSAFE_IN_URL.test(value)) return 'expected no blanks, quotes, braces or backslashes';
  if (DOT_SEGMENT.test(value)) return 'expected a path without . or .. segments';
  if (!isSecure(url)) return 'expected https (http on localhost only)';
  return url.search + url.hash + url.username + url.password === '' && !/[?#]/.test(value)
    ? undefined
    : 'expected no query, fragment or user info';
});

/** A URL that may carry metadata or a page: https, or http on a loopback host. */
export const secureUrl: Shape<string> = text((value) => {
  const url = parseUrl(value);
  return url !== undefined && isSecure(url) ? undefined : 'expected an https URL (http on localhost only)';
});

/** Any http or https URL. */
export const webUrl: Shape<string> = pattern(/^https?:\/\/\S+$/, 'an http or https URL');

/** A path that logins leave alone: `*` is one segment, `**` any number. */
export const pathGlob: Shape<string> = text((value) =>
  isPathGlob(value)
    ? undefined
    : 'expected a path that begins with /, without blanks and commas, at most 512 characters',
);

/** True for one path glob. Globs are handed on as a list with commas, where a comma of their own would make two of one. */
export function isPathGlob(value: string): boolean {
  return value.startsWith('/') && value.length <= 512 && !/[,\s\p{Cc}]/u.test(value);
}

/** An organisation number. */
export const organisationNumber: Shape<string> = pattern(/^\d{9}$/, 'nine digits');

/** A role or scope that a rule gives. */
export const permission: Shape<string> = pattern(
  /^[a-z0-9-_./]{1,100}$/,
  'lower-case letters, digits and - _ . /, at most 100',
);

function parseUrl(value: string): URL | undefined {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  return url?.protocol === 'https:' || url?.protocol === 'http:' ? url : undefined;
}

function isSecure(url: URL): boolean {
  return url.protocol === 'https:' || LOOPBACK.has(url.hostname);
}
