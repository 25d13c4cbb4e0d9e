import { DocumentUnavailable, fetchDocument, isProviderUrl } from './document.ts';
import { type Fetch, isAddressRefused, type Reach } from './fetch.ts';
import type { Claims } from './jwt.ts';
import { isJsonObject } from './objects.ts';

/** What a server says about itself (RFC 8414 section 2, OpenID Connect Discovery 3). Endpoints are checked URLs. */
export interface ServerMetadata {
  readonly issuer: string;
  readonly authorization_endpoint?: string;
  readonly token_endpoint?: string;
  readonly jwks_uri?: string;
  readonly userinfo_endpoint?: string;
  readonly end_session_endpoint?: string;
  readonly introspection_endpoint?: string;
  readonly revocation_endpoint?: string;
  readonly registration_endpoint?: string;
  readonly pushed_authorization_request_endpoint?: string;
  /** From where the document came; what it names must not be nearer to us. */
  readonly reach: Reach;
  /** The whole document, for everything else. */
  readonly raw: Claims;
}

const MAX_BYTES = 128 * 1024;
const OPENID_SUFFIX = '/.well-known/openid-configuration';
const OAUTH_SUFFIX = '/.well-known/oauth-authorization-server';
const ENDPOINTS = [
  'authorization_endpoint',
  'token_endpoint',
  'jwks_uri',
  'userinfo_endpoint',
  'end_session_endpoint',
  'introspection_endpoint',
  'revocation_endpoint',
  'registration_endpoint',
  'pushed_authorization_request_endpoint',
] as const;

/** What fetching a discovery document runs on. */
export interface MetadataOptions {
  readonly fetch: Fetch;
  /** Compared byte for byte. */
  readonly expectedIssuer?: string;
  readonly signal?: AbortSignal;
  /** Which URLs, endpoints included, may be talked to; https, and http to loopback, unless given. */
  readonly isAllowedUrl?: (url: string) => boolean;
  /** Seconds for everything and tries again at once, as for any document. */
  readonly totalSeconds?: number;
  readonly retries?: number;
  readonly quietSeconds?: number;
}

/**
 * Fetches a discovery document and checks that it speaks for the issuer expected: byte for byte when one is given, else the URL
 * without its well-known part, where one slash at the end does not count (RFC 8414 section 3.3). Throws DocumentUnavailable.
 */
export async function fetchMetadata(url: string, options: MetadataOptions): Promise<ServerMetadata> {
  const { expectedIssuer, isAllowedUrl } = options;
  const { document, reach } = await fetchFromAnywhere(url, options);
  const metadata = { ...parseMetadata(document, isAllowedUrl), reach };
  const right =
    expectedIssuer === undefined
      ? issuersOf(url).some((issuer) => withoutSlash(issuer) === withoutSlash(metadata.issuer))
      : metadata.issuer === expectedIssuer;
  if (!right) throw new DocumentUnavailable('it speaks for another issuer');
  return metadata;
}

/** Whether the document is of the public network is not asked of its name: that may mean something else a moment later. */
async function fetchFromAnywhere(
  url: string,
  options: MetadataOptions,
): Promise<{ readonly document: unknown; readonly reach: Reach }> {
  const limits = { ...options, maxBytes: MAX_BYTES };
  try {
    return { document: await fetchDocument(url, { ...limits, reach: 'public' }), reach: 'public' };
  } catch (error) {
    if (!isAddressRefused(error)) throw error;
    return { document: await fetchDocument(url, limits), reach: 'any' };
  }
}

/** Checks the shape of a discovery document: an issuer, and endpoints that are URLs we may use. Throws DocumentUnavailable. */
function parseMetadata(
  document: unknown,
  isAllowedUrl: (url: string) => boolean = isProviderUrl,
): Omit<ServerMetadata, 'reach'> {
  if (!isJsonObject(document)) throw new DocumentUnavailable('not a JSON object');
  const issuer = document['issuer'];
  if (typeof issuer !== 'string' || issuer === '') throw new DocumentUnavailable('issuer is missing');
  const endpoints: { [K in (typeof ENDPOINTS)[number]]?: string } = {};
  for (const name of ENDPOINTS) {
    const endpoint = document[name];
    if (endpoint === undefined || endpoint === null) continue;
    if (typeof endpoint !== 'string' || !isAllowedUrl(endpoint)) {
      throw new DocumentUnavailable(`${name} is not a URL we may use`);
    }
    endpoints[name] = endpoint;
  }
  return { issuer, ...endpoints, raw: document };
}

/** The issuers a well-known URL can belong to: the part appended to the issuer, or set between its host and path (RFC 8414 3.1). */
function issuersOf(url: string): readonly string[] {
  const suffix = [OPENID_SUFFIX, OAUTH_SUFFIX].find((part) => url.includes(part));
  if (suffix === undefined) return [];
  const at = url.indexOf(suffix);
  const after = url.slice(at + suffix.length);
  return after === '' || after.startsWith('/') ? [url.slice(0, at) + after] : [];
}

function withoutSlash(issuer: string): string {
  return issuer.endsWith('/') ? issuer.slice(0, -1) : issuer;
}
