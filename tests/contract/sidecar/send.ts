import { request as httpRequest } from 'node:http';
import type { Agent } from 'node:http';
import type { CaseRequest, Json } from './case.ts';

/** What the sidecar answered. */
export interface Answered {
  /** 0: nobody listens there. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
  readonly milliseconds: number;
}

const TYPES = { json: 'application/json', form: 'application/x-www-form-urlencoded' } as const;
const PATIENCE_MILLISECONDS = 20_000;

/** Sends one request with exactly the headers of the case, on a connection of its own unless there is an agent for it. */
export async function sendRequest(base: string, request: CaseRequest, agent?: Agent): Promise<Answered> {
  const started = performance.now();
  const body = bodyOf(request);
  const place = placeOf(base, request.at);
  const answered = request.viaFetch
    ? await viaFetch(place.base, request, body)
    : await viaConnection(place, request, { body, agent });
  return { ...answered, milliseconds: performance.now() - started };
}

interface Place {
  readonly base: string;
  readonly socketPath?: string;
}

function placeOf(base: string, at: string | undefined): Place {
  if (at === undefined) return { base };
  return at.startsWith('unix:')
    ? { base: 'http://localhost', socketPath: at.slice('unix:'.length) }
    : { base: `http://${at}` };
}

function bodyOf({ json, form, text, size }: CaseRequest): Buffer | undefined {
  if (text !== undefined) return Buffer.from(text);
  if (json !== undefined) return Buffer.from(size === undefined ? JSON.stringify(json) : paddedJson(json, size));
  if (form === undefined) return undefined;
  const encoded = new URLSearchParams(form.map(([name, value]) => [name, value])).toString();
  return Buffer.from(size === undefined ? encoded : `${encoded}&padding=`.padEnd(size, 'x'));
}

function paddedJson(json: Json, size: number): string {
  const start = `${JSON.stringify(json).slice(0, -1)},"padding":"`;
  return `${start.padEnd(size - 2, 'x')}"}`;
}

function headersOf(base: string, request: CaseRequest, { body, agent }: Sending): [string, string][] {
  const type =
    request.contentType === undefined ? TYPES[request.form === undefined ? 'json' : 'form'] : request.contentType;
  const host = request.host === undefined ? new URL(base).host : request.host;
  return [
    ...(host === null ? [] : [['Host', host] satisfies [string, string]]),
    ...(type === null || body === undefined ? [] : [['Content-Type', type] satisfies [string, string]]),
    ...(body === undefined ? [] : [['Content-Length', String(body.length)] satisfies [string, string]]),
    ['Connection', agent === undefined ? 'close' : 'keep-alive'],
    ...request.headers.map(([name, value]) => [name, value] satisfies [string, string]),
  ];
}

interface Sending {
  readonly body: Buffer | undefined;
  readonly agent: Agent | undefined;
}

function viaConnection(
  { base, socketPath }: Place,
  request: CaseRequest,
  sending: Sending,
): Promise<Omit<Answered, 'milliseconds'>> {
  const { hostname, port } = new URL(base);
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      {
        ...(socketPath === undefined
          ? { host: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname, port }
          : { socketPath }),
        path: request.path,
        method: request.method,
        // Names and values one after another: as they are, in this order, twice if they come twice.
        headers: headersOf(base, request, sending).flat(),
        setHost: false,
        agent: sending.agent ?? false,
        signal: AbortSignal.timeout(PATIENCE_MILLISECONDS),
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const headers = Object.entries(response.headers).map(([name, value]) => [
            name,
            isTexts(value) ? value.join(', ') : value,
          ]);
          resolve({
            status: response.statusCode ?? 0,
            headers: Object.fromEntries(headers),
            text: Buffer.concat(chunks).toString(),
          });
        });
      },
    );
    sent.on('error', (error: NodeJS.ErrnoException) => {
      // At a place of its own a case may ask for exactly this.
      if (request.at !== undefined && isNobody(error)) resolve({ status: 0, headers: {}, text: '' });
      else reject(error);
    });
    sent.end(sending.body);
  });
}

function isNobody({ code }: NodeJS.ErrnoException): boolean {
  return code === 'ECONNREFUSED' || code === 'ENOENT';
}

function isTexts(value: string | string[] | undefined): value is string[] {
  return Array.isArray(value);
}

async function viaFetch(
  base: string,
  request: CaseRequest,
  body: Buffer | undefined,
): Promise<Omit<Answered, 'milliseconds'>> {
  const type = TYPES[request.form === undefined ? 'json' : 'form'];
  const response = await fetch(base + request.path, {
    method: request.method,
    headers: { 'content-type': type, ...Object.fromEntries(request.headers) },
    ...(body === undefined ? {} : { body: body.toString() }),
  });
  return { status: response.status, headers: Object.fromEntries(response.headers), text: await response.text() };
}
