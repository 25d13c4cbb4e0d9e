import type { LoadRequest } from '../shared/closed-loop.ts';

/** One request of an application. */
export interface Asking {
  readonly path: string;
  readonly type: 'application/json' | 'application/x-www-form-urlencoded';
  readonly body: string;
  readonly status?: number;
}

type Fields = Readonly<Record<string, string>>;

export function asJson(path: string, fields: Fields): Asking {
  return { path, type: 'application/json', body: JSON.stringify(fields) };
}

export function asForm(path: string, fields: Fields): Asking {
  return { path, type: 'application/x-www-form-urlencoded', body: new URLSearchParams(fields).toString() };
}

/** A token for the application itself. */
export function machineFields(target: string): Fields {
  return { identity_provider: 'entra_id', target };
}

/** As it goes over the wire, with the headers that clients send. */
export function wire({ path, type, body, status = 200 }: Asking): LoadRequest {
  const head = [
    `POST ${path} HTTP/1.1`,
    'Host: 127.0.0.1:7164',
    'Connection: keep-alive',
    'Accept: application/json',
    'User-Agent: bench',
    `Content-Type: ${type}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return { bytes: Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`), status, kind: path };
}
