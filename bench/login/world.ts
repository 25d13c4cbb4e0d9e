/** Where the application is reached, as the proxies that care are told. */
export const HOST: string = 'app.example.test';
export const CLIENT_ID: string = 'bench';
export const CLIENT_SECRET: string = 'a secret of the benchmark';
/** Paths below it are the application's only with a token. */
export const WITH_TOKEN: string = '/with-token';
/** What ours lets through without a session. */
export const PUBLIC: string = '/public/page';
/** Where tunnels are opened. */
export const SOCKETS: string = '/with-token/socket';
/** An access token's length at a large provider, in characters. */
export const ACCESS_TOKEN_CHARACTERS: number = 2000;

/** A path that wants a token, under whatever the proxy needs before it. */
export function pathWithToken(prefix: string = ''): string {
  return `${prefix}${WITH_TOKEN}/page`;
}
