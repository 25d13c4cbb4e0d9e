import type { ClientRequest, ClientRequestArgs } from 'node:http';
import { isIPv6 } from 'node:net';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import { http } from './node-http.ts';

/** Opens a connection as an agent asks for it. */
type CreateConnection = (options: ClientRequestArgs, done?: (error: Error | null, socket: Duplex) => void) => undefined;

/** The proxy does not connect us. The message holds its status and nothing else of what it said. */
class TunnelRefused extends Error {
  readonly code: string = 'ERR_TUNNEL_REFUSED';
}

/**
 * TLS through a proxy (RFC 9110 9.3.6). A connection that is not there after `connectMs`, TLS included, or that the proxy refuses, is
 * given up whole: nothing stays open to a proxy that hangs.
 */
export function tunnelThrough(proxyUrl: string, connectMs: number): CreateConnection {
  return (options, done) => {
    const request = askFor(`${bracketed(options.host ?? '')}:${options.port ?? 443}`, new URL(proxyUrl));
    let open: Socket | undefined;
    let isSettled = false;
    const settle = (error: Error | null, socket?: Socket): void => {
      if (isSettled) return;
      isSettled = true;
      clearTimeout(timer);
      if (error !== null) {
        request.destroy();
        open?.destroy();
      }
      // oxlint-disable-next-line typescript/consistent-type-assertions -- beside an error nobody looks at it
      done?.(error, socket as Duplex);
    };
    const timer = setTimeout(() => settle(new TunnelRefused('no connection through the proxy in time')), connectMs);
    request.once('error', settle).once('close', () => {
      if (open === undefined) settle(new TunnelRefused('the proxy has closed the connection'));
    });
    request.once('connect', ({ statusCode = 0 }, socket: Socket, head) => {
      open = socket;
      socket.on('error', settle);
      if (statusCode < 200 || statusCode > 299) return settle(new TunnelRefused(`the proxy answered ${statusCode}`));
      if (head.length > 0) socket.unshift(head);
      const secured = connect(securedBy(options, socket), () => settle(null, secured));
      secured.on('error', settle).once('close', () => socket.destroy());
    });
    request.end();
  };
}

function askFor(authority: string, proxy: URL): ClientRequest {
  const [user, password] = [proxy.username, proxy.password].map(decoded);
  const credentials = Buffer.from(`${user}:${password}`).toString('base64');
  return http.request({
    method: 'CONNECT',
    host: proxy.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: proxy.port === '' ? 80 : proxy.port,
    path: authority,
    agent: false,
    headers: {
      host: authority,
      'proxy-connection': 'keep-alive',
      ...(user === '' ? {} : { 'proxy-authorization': `Basic ${credentials}` }),
    },
  });
}

/** What the agent asks for is what its TLS wants too, the name of the server among it. */
function securedBy(options: ClientRequestArgs, socket: Socket): ConnectionOptions {
  // oxlint-disable-next-line typescript/consistent-type-assertions -- an agent for https gives options of TLS, which its type does not say
  return { ...options, socket } as ConnectionOptions;
}

function bracketed(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}

/** A `%` that begins nothing stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
