import type { CaseRequest, Exchange, Expectation, Json } from './case.ts';
import { checkMatchers } from './match.ts';
import { CaseFault, flag, isObject, list, maybe, members, number, object, oneOf, text } from './shape.ts';

const PATHS = { token: '/api/v1/token', exchange: '/api/v1/token/exchange', introspect: '/api/v1/introspect' } as const;
const REQUEST = [
  'to',
  'method',
  'path',
  'headers',
  'json',
  'form',
  'text',
  'content_type',
  'host',
  'size',
  'via_fetch',
  'at',
];

/** A request, what it shall bring, and how many of it at once. Throws CaseFault. */
export function readExchange(value: Json, at: string): Exchange {
  const parts = members(value, at, ['request', 'expect', 'times', 'eventually']);
  return {
    request: readRequest(parts['request'] ?? {}, `${at}: request`),
    expect: readExpectation(parts['expect'] ?? {}, `${at}: expect`),
    times: number(parts['times'] ?? 1, `${at}: times`, 1),
    eventually: flag(parts['eventually'], `${at}: eventually`),
  };
}

function readRequest(value: Json, at: string): CaseRequest {
  const parts = members(value, at, REQUEST);
  if ((parts['to'] === undefined) === (parts['path'] === undefined))
    throw new CaseFault(`${at}: to or path, one of them`);
  const bodies = [parts['json'], parts['form'], parts['text']].filter((body) => body !== undefined);
  if (bodies.length > 1) throw new CaseFault(`${at}: more than one body`);
  const to = parts['to'] === undefined ? undefined : oneOf(parts['to'], at, ['token', 'exchange', 'introspect']);
  return {
    method: text(parts['method'] ?? 'POST', at),
    path: to === undefined ? text(parts['path'], at) : PATHS[to],
    headers: readPairs(parts['headers'] ?? {}, at),
    ...maybe('json', parts['json'], (json) => json),
    ...maybe('form', parts['form'], (form) => readPairs(form, at)),
    ...maybe('text', parts['text'], (body) => text(body, at)),
    ...maybe('contentType', parts['content_type'], (type) => (type === null ? null : text(type, at))),
    ...maybe('host', parts['host'], (host) => (host === null ? null : text(host, at))),
    ...maybe('size', parts['size'], (size) => number(size, at)),
    viaFetch: flag(parts['via_fetch'], at),
    ...maybe('at', parts['at'], (place) => text(place, `${at}: at`)),
  };
}

/** By name, or as pairs where a name comes twice. */
function readPairs(value: Json, at: string): readonly (readonly [string, string])[] {
  if (isObject(value)) return Object.entries(value).map(([name, given]) => [name, text(given, at)] as const);
  return list(value, at).map((pair) => [text(list(pair, at)[0], at), text(list(pair, at)[1], at)] as const);
}

function readExpectation(value: Json, at: string): Expectation {
  const parts = members(value, at, ['status', 'headers', 'body', 'text', 'within_ms']);
  checkMatchers(value, at);
  const { status } = parts;
  if (status === undefined) throw new CaseFault(`${at}: no status`);
  return {
    status,
    headers: object(parts['headers'], at),
    ...maybe('body', parts['body'], (body) => body),
    ...maybe('text', parts['text'], (body) => body),
    ...maybe('withinMilliseconds', parts['within_ms'], (limit) => number(limit, at)),
  };
}
