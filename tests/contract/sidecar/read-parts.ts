import type {
  Answer,
  CallExpectation,
  Json,
  ProviderScript,
  Script,
  TokenDescription,
  UpstreamExpectation,
} from './case.ts';
import { checkMatchers } from './match.ts';
import { isList, list, maybe, members, number, object, oneOf, text, texts, textsByName } from './shape.ts';

const ANSWER = [
  'status',
  'headers',
  'json',
  'text',
  'bytes',
  'expires_in',
  'members',
  'keys',
  'foreign',
  'delay_ms',
  'fault',
];
const TOKEN = [
  'for',
  'claims',
  'without',
  'times',
  'member_text',
  'payload_text',
  'header',
  'header_text',
  'key',
  'alg',
  'append',
  'segments',
];
const KEYS = ['issuer', 'next', 'stranger', 'ec', 'open'] as const;
const RSA = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const;
const PROVIDERS = ['entra_id', 'tokenx', 'maskinporten', 'idporten'] as const;

/** What the provider does; what is not named stays as it was. Throws CaseFault. */
export function readProvider(value: Json, at: string): ProviderScript {
  const parts = members(value, at, ['token', 'key_set', 'metadata']);
  return {
    ...maybe('token', parts['token'], (script) => readScript(script, `${at}: token`)),
    ...maybe('keySet', parts['key_set'], (script) => readScript(script, `${at}: key_set`)),
    ...maybe('metadata', parts['metadata'], (script) => readScript(script, `${at}: metadata`)),
  };
}

/** A list is what comes first, before all is well again; an object is every answer from then on. */
function readScript(value: Json, at: string): Script {
  if (!isList(value)) return { first: [], afterwards: readAnswer(value, at) };
  return { first: value.map((answer, index) => readAnswer(answer, `${at}[${index}]`)), afterwards: {} };
}

function readAnswer(value: Json, at: string): Answer {
  const parts = members(value, at, ANSWER);
  return {
    ...maybe('status', parts['status'], (status) => number(status, at)),
    ...maybe('headers', parts['headers'], (headers) => textsByName(headers, at)),
    ...maybe('json', parts['json'], (json) => json),
    ...maybe('text', parts['text'], (body) => text(body, at)),
    ...maybe('bytes', parts['bytes'], (bytes) => number(bytes, at)),
    ...maybe('expiresIn', parts['expires_in'], (seconds) => number(seconds, at, Number.NEGATIVE_INFINITY)),
    ...maybe('members', parts['members'], (extra) => object(extra, at)),
    ...maybe('keys', parts['keys'], (keys) => list(keys, at).map((key) => oneOf(key, at, KEYS))),
    ...maybe('foreign', parts['foreign'], (keys) => list(keys, at)),
    ...maybe('delayMilliseconds', parts['delay_ms'], (delay) => number(delay, at)),
    ...maybe('fault', parts['fault'], (fault) =>
      oneOf(fault, at, ['reset', 'reset-body', 'silence', 'silence-body'] as const),
    ),
  };
}

/** Throws CaseFault. */
export function readToken(value: Json, at: string): TokenDescription {
  const parts = members(value, at, TOKEN);
  const times = Object.entries(object(parts['times'], at));
  return {
    for: oneOf(parts['for'], `${at}: for`, PROVIDERS),
    claims: object(parts['claims'], at),
    without: texts(parts['without'], at),
    times: Object.fromEntries(times.map(([name, seconds]) => [name, number(seconds, at, Number.NEGATIVE_INFINITY)])),
    ...maybe('memberText', parts['member_text'], (given) => text(given, at)),
    ...maybe('payloadText', parts['payload_text'], (given) => text(given, at)),
    header: object(parts['header'], at),
    ...maybe('headerText', parts['header_text'], (given) => text(given, at)),
    key: oneOf(parts['key'] ?? 'issuer', at, KEYS),
    ...maybe('alg', parts['alg'], (alg) => oneOf(alg, `${at}: alg`, RSA)),
    append: text(parts['append'] ?? '', at),
    segments: list(parts['segments'], at).map((segment) => (segment === null ? null : text(segment, at))),
  };
}

/** Throws CaseFault. */
export function readUpstream(value: Json, at: string): UpstreamExpectation {
  const parts = members(value, at, ['count', 'key_sets', 'calls', 'distinct']);
  checkMatchers(value, at);
  return {
    ...maybe('count', parts['count'], (count) => count),
    ...maybe('keySets', parts['key_sets'], (count) => count),
    calls: list(parts['calls'], at).map((call, index) => readCall(call, `${at}[${index}]`)),
    distinct: texts(parts['distinct'], at),
  };
}

function readCall(value: Json, at: string): CallExpectation {
  const parts = members(value, at, ['path', 'headers', 'form', 'assertion']);
  return {
    ...maybe('path', parts['path'], (path) => path),
    headers: object(parts['headers'], at),
    ...maybe('form', parts['form'], (form) => form),
    ...maybe('assertion', parts['assertion'], (assertion) => readAssertion(assertion, at)),
  };
}

function readAssertion(
  value: Json,
  at: string,
): { readonly field: string; readonly header?: Json; readonly claims?: Json } {
  const parts = members(value, at, ['field', 'header', 'claims']);
  return {
    field: text(parts['field'], at),
    ...maybe('header', parts['header'], (header) => header),
    ...maybe('claims', parts['claims'], (claims) => claims),
  };
}
