import { encodeBase64Url } from '../../oauth/base64url.ts';
import type { AuthErrorCode } from '../auth-error.ts';
import type { Refused, Specimen } from './specimen.ts';

const MAX_TOKEN_CHARACTERS = 16_384;
const MAX_KID_CHARACTERS = 256;
const MAX_DEPTH = 16;

/** What is refused before a claim is believed: rows 1 to 9 of sidecar-sdk.md 2.2, with 2.1. */
export function* textRefusals(specimen: Specimen): Generator<Refused> {
  yield* shapes(specimen);
  yield* headers(specimen);
  yield* payloads(specimen);
  yield* signatures(specimen);
}

function* shapes({ changed }: Specimen): Generator<Refused> {
  const good = changed({});
  const [header = '', payload = '', signature = ''] = good.split('.');
  yield { name: 'no token', token: '', code: 'token_missing' };
  yield { name: 'one character too long', token: 'x'.repeat(MAX_TOKEN_CHARACTERS + 1), code: 'token_too_large' };
  const malformed: readonly [name: string, token: string][] = [
    ['as long as may be, and no token', 'x'.repeat(MAX_TOKEN_CHARACTERS)],
    ['two segments', `${header}.${payload}`],
    ['four segments', `${good}.x`],
    ['five segments', `${header}.${payload}.${signature}.x.y`],
    ['an empty header', `.${payload}.${signature}`],
    ['an empty payload', `${header}..${signature}`],
    ['an empty signature', `${header}.${payload}.`],
    ['padding', `${good}==`],
    ['white space at the end', `${good} `],
    ['a line break at the beginning', `\n${good}`],
    ['characters of plain base64', `${header}.${payload}.${signature.slice(1)}+`],
    ['stray last bits', `${header}.${payload}.${withStrayBits(signature)}`],
    ['a JSON serialisation', JSON.stringify({ protected: header, payload, signature })],
  ];
  for (const [name, token] of malformed) yield { name, token, code: 'token_malformed' };
}

/** 256 bytes leave four unused bits in their last character; here one of them is set. */
function withStrayBits(signature: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const last = alphabet.indexOf(signature.slice(-1));
  return `${signature.slice(0, -1)}${alphabet[last + 1] ?? ''}`;
}

function* headers(specimen: Specimen): Generator<Refused> {
  const { header, mint, claims } = specimen;
  const payload = JSON.stringify(claims);
  const text = JSON.stringify(header);
  const refused = (name: string, code: AuthErrorCode, change: object | string): Refused => ({
    name,
    token: mint.keys.sign(typeof change === 'string' ? change : JSON.stringify({ ...header, ...change }), payload),
    code,
  });
  yield refused('a header that is no JSON', 'token_malformed', text.slice(0, -1));
  for (const [name, broken] of strictJsonFaults(text))
    yield refused(`a header with ${name}`, 'token_malformed', broken);
  yield refused('a header that is a list', 'header_refused', '[]');
  for (const member of ['crit', 'b64', 'zip', 'jku', 'x5u', 'jwk', 'cty']) {
    yield refused(`a header with ${member}`, 'header_refused', { [member]: member === 'crit' ? ['exp'] : 'x' });
  }
  yield refused('a header without alg', 'header_refused', { alg: undefined });
  yield refused('a kid that is a number', 'header_refused', { kid: 1 });
  yield refused('an empty kid', 'header_refused', { kid: '' });
  yield refused('a kid one character too long', 'header_refused', { kid: 'k'.repeat(MAX_KID_CHARACTERS + 1) });
  yield refused('a typ that is a number', 'header_refused', { typ: 1 });
  yield refused('the type of a logout token', 'type_refused', { typ: 'logout+jwt' });
  for (const alg of ['none', 'None', 'HS256', 'rs256', 'RS1', 'RS256 ']) {
    yield refused(`alg ${alg}`, 'algorithm_refused', { alg });
  }
  yield refused('no kid', 'key_id_missing', { kid: undefined });
  yield refused('a kid as long as may be, of no key', 'key_unknown', { kid: 'k'.repeat(MAX_KID_CHARACTERS) });
  yield refused('a kid that is a path', 'key_unknown', { kid: `../${String(header['kid'])}` });
  for (const alg of ['RS384', 'PS256', 'ES256', 'EdDSA']) {
    yield refused(`alg ${alg}, which the issuer does not use`, 'algorithm_refused', { alg });
  }
}

function* payloads({ mint, header, claims, changed }: Specimen): Generator<Refused> {
  const text = JSON.stringify(claims);
  const signed = (payload: string): string => mint.keys.sign(JSON.stringify(header), payload);
  for (const [name, broken] of [...strictJsonFaults(text), ['a list in place of claims', '[]'] as const]) {
    yield { name: `a payload with ${name}`, token: signed(broken), code: 'token_malformed' };
  }
  const issuer = String(claims['iss']);
  const others: readonly [name: string, iss: unknown][] = [
    ['no iss', undefined],
    ['the iss of nobody', 'https://nobody.test.fullmakt-local'],
    ['an iss with another end', issuer.endsWith('/') ? issuer.slice(0, -1) : `${issuer}/`],
    ['an iss in another case', issuer.toUpperCase()],
    ['an iss that is a list', [issuer]],
  ];
  for (const [name, iss] of others) yield { name, token: changed({ iss }), code: 'issuer_unknown' };
}

/** Well-formed to a lenient parser, and each ambiguous or excessive. */
function strictJsonFaults(text: string): readonly (readonly [name: string, text: string])[] {
  const [name, value] = [text.slice(1, text.indexOf(':')), text.slice(1, text.indexOf(','))];
  const deep = `${'['.repeat(MAX_DEPTH)}${']'.repeat(MAX_DEPTH)}`;
  return [
    ['a repeated name', text.replace('{', `{${value},`)],
    ['a name repeated in other letters', text.replace('{', `{"\\u${hex(name.charCodeAt(1))}${name.slice(2)}:1,`)],
    ['__proto__', text.replace('{', '{"__proto__":{},')],
    ['too deep a nesting', text.replace('{', `{"x":${deep},`)],
    ['a lone surrogate', text.replace('{', '{"x":"\\ud800",')],
    ['a byte order mark', `\uFEFF${text}`],
    ['something after it', `${text} x`],
  ];
}

function hex(code: number): string {
  return code.toString(16).padStart(4, '0');
}

function* signatures({ changed, kind, mint }: Specimen): Generator<Refused> {
  const good = changed({});
  const [header = '', payload = '', signature = ''] = good.split('.');
  const forged = encodeBase64Url(JSON.stringify({ forged: kind, at: mint.now() }));
  const other = mint.keys.sign('{}', JSON.stringify({ forged })).split('.')[2] ?? '';
  const all: readonly [name: string, signature: string][] = [
    ['the signature of another token', other],
    ['half a signature', signature.slice(0, 4 * Math.floor(signature.length / 8))],
    ['a signature of zeros', encodeBase64Url(new Uint8Array(256))],
  ];
  for (const [name, text] of all) yield { name, token: `${header}.${payload}.${text}`, code: 'signature_invalid' };
}
