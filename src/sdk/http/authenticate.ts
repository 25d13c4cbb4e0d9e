import { readBearer } from '../../oauth/bearer.ts';
import { AuthError } from '../auth-error.ts';
import { ConfigError } from '../config-error.ts';

/** As much of a request as is needed: Node's, Fetch's or any framework's. */
export interface RequestLike {
  readonly headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly rawHeaders?: readonly string[] | undefined;
  readonly method?: string | undefined;
  readonly url?: string | undefined;
}

/** Throws ConfigError for what no compiler kept from being taken for a request: a token, above all. */
export function assertRequest(request: unknown): void {
  const headers: unknown =
    typeof request === 'object' && request !== null ? Reflect.get(request, 'headers') : undefined;
  if (typeof headers === 'object' && headers !== null) return;
  throw new ConfigError(['authenticate: the request has no headers; a token alone goes to validate']);
}

/** By its shape: frameworks and test environments bring a `Headers` of their own. */
function isHeaders(headers: RequestLike['headers']): headers is Headers {
  return typeof headers['get'] === 'function';
}

/** Node keeps only the first of several Authorization headers in `headers`; the raw list shows them all. */
function authorizationOf({ headers, rawHeaders }: RequestLike): readonly string[] {
  if (rawHeaders !== undefined) {
    return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === 'authorization');
  }
  if (isHeaders(headers)) {
    const joined = headers.get('authorization');
    return joined === null ? [] : [joined];
  }
  const names = Object.keys(headers).filter((key) => key.toLowerCase() === 'authorization');
  return names.flatMap((name) => headers[name] ?? []);
}

/** Whether a header of another scheme is in truth several, one of them with a token: `Headers` joins them with commas. */
function hidesBearer(header: string): boolean {
  return header.includes(',') && header.toLowerCase().includes(', bearer ');
}

/** The bearer token of a request, from its `Authorization` header only. AuthError `token_missing` or `request_malformed`. */
export function tokenOf(request: RequestLike): string | AuthError {
  const authorization = authorizationOf(request);
  const bearer = readBearer(authorization);
  if (bearer.kind === 'token') return bearer.token;
  if (bearer.kind === 'none' && !authorization.some(hidesBearer)) {
    return new AuthError('token_missing', {
      explanation: 'the request has no Authorization header with a bearer token',
    });
  }
  return new AuthError('request_malformed', { explanation: 'the Authorization header is not one bearer token' });
}
