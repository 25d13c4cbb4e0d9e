import { deflateRawSync } from 'node:zlib';
import { b64, claims, header, inputOf, rs, segments, signed, withHeader } from './template.ts';
import type { Shape, Template } from './template.ts';

const KIDS: readonly unknown[] = [
  '../../x',
  '../../../../../dev/null',
  '/etc/passwd',
  "' OR '1'='1",
  "x' UNION SELECT 'AAAA'--",
  '\u0000',
  '__proto__',
  'constructor',
  'toString',
  '',
  ' ',
  'x'.repeat(257),
  'x'.repeat(10_240),
  7,
  null,
  true,
  {},
  [],
];

const kidLike =
  (change: (kid: string) => unknown): Shape =>
  (template) => {
    const kid = String(template.header['kid']);
    const other = change(kid);
    return signed(template, { header: header(template, { kid: other === kid ? `${kid}x` : other }) });
  };

/** Names of keys that are paths, queries, too long, no text, or almost the right name. */
export const kidForms: readonly Shape[] = [
  ...KIDS.map((kid) => withHeader({ kid })),
  kidLike((kid) => [kid]),
  kidLike((kid) => `${kid}\u0000`),
  kidLike((kid) => `${kid} `),
  kidLike((kid) => kid.slice(0, -1)),
  kidLike((kid) => `${kid}\u200b`),
  kidLike((kid) => kid.toUpperCase()),
  kidLike((kid) => ({ toString: kid })),
  (template, random) => signed(template, { header: header(template, { kid: random.text(12) }) }),
  (template) => signed(template, { header: header(template, { kid: `${template.trap}/key` }) }),
];

const URLS: readonly ((trap: string) => unknown)[] = [
  (trap) => `${trap}/jwks`,
  (trap) => `${trap}/jwks#kid`,
  (trap) => trap.replace('127.0.0.1', 'localhost'),
  (trap) => trap.replace('http:', 'https:'),
  (trap) => trap.replace('http:', ''),
  (trap) => [`${trap}/jwks`],
  (trap) => ({ url: trap }),
  () => 'file:///etc/passwd',
  () => '',
  () => null,
];

/** Addresses of keys in the header, under a right signature and under that of the key behind the address. */
export const keyAddresses: readonly Shape[] = ['jku', 'x5u'].flatMap((member) =>
  URLS.flatMap((url): Shape[] => [
    (template) => signed(template, { header: header(template, { [member]: url(template.trap) }) }),
    (template) =>
      signed(template, {
        header: header(template, { [member]: url(template.trap) }),
        by: rs(template.attacker.rsa),
      }),
  ]),
);

const brought =
  (members: (template: Template) => object): Shape =>
  (template) =>
    signed(template, { header: header(template, members(template)), by: rs(template.attacker.rsa) });

/** Keys and certificates that the token brings along, and is signed with. */
export const keysInHeader: readonly Shape[] = [
  brought(({ attacker }) => ({ jwk: attacker.rsaJwk })),
  brought(({ attacker }) => ({ jwk: attacker.rsaJwk, kid: undefined })),
  brought(({ attacker }) => ({ jwk: attacker.rsaPrivateJwk })),
  brought(({ attacker }) => ({ jwk: [attacker.rsaJwk] })),
  brought(({ attacker }) => ({ jwk: JSON.stringify(attacker.rsaJwk) })),
  brought(({ attacker }) => ({ jwk: { keys: [attacker.rsaJwk] } })),
  brought(() => ({ jwk: null })),
  brought(({ attacker }) => ({ x5c: [attacker.certificate] })),
  brought(({ attacker }) => ({ x5c: [attacker.certificate], kid: undefined })),
  brought(({ attacker }) => ({ x5c: [attacker.certificate, attacker.certificate] })),
  brought(({ attacker }) => ({ x5c: attacker.certificate })),
  brought(() => ({ x5c: ['AAAA'] })),
  brought(() => ({ x5c: [] })),
  brought(({ attacker }) => ({ x5c: [attacker.certificate], jwk: attacker.rsaJwk })),
  (template) => signed(template, { header: header(template, { jwk: template.publicJwk }) }),
];

/** `crit` in every form: nothing critical is understood here. */
export const crit: readonly Shape[] = [
  ['exp'],
  ['x'],
  ['x', 'x'],
  ['b64'],
  ['alg'],
  ['crit'],
  [],
  [''],
  [7],
  'exp',
  '',
  null,
  {},
  true,
].map((value) => withHeader({ crit: value, x: 1 }));

const detached =
  (change: object): Shape =>
  (template) => {
    const [first, , third] = signed(template, { header: header(template, change) }).split('.');
    return `${first ?? ''}..${third ?? ''}`;
  };

const unencoded =
  (change: object): Shape =>
  (template) => {
    const first = b64(header(template, change));
    const input = `${first}.${claims(template)}`;
    return `${input}.${b64(rs(template.key)(Buffer.from(input)))}`;
  };

/** Payloads that are not encoded, or not there. */
export const unencodedOrDetached: readonly Shape[] = [
  withHeader({ b64: false }),
  withHeader({ b64: true }),
  withHeader({ b64: null }),
  withHeader({ b64: 'false' }),
  withHeader({ b64: false, crit: ['b64'] }),
  withHeader({ b64: true, crit: ['b64'] }),
  unencoded({ b64: false, crit: ['b64'] }),
  unencoded({ b64: false }),
  unencoded({}),
  detached({}),
  detached({ b64: false }),
  detached({ b64: false, crit: ['b64'] }),
  (template) => signed(template, { payload: '' }),
];

/** Compressed payloads, and headers that say so. */
export const zip: readonly Shape[] = ['DEF', 'def', 'GZIP', 'BR', '', null, 7, ['DEF'], false].flatMap((value) => [
  withHeader({ zip: value }),
  (template: Template) =>
    signed(template, { header: header(template, { zip: value }), payload: deflateRawSync(claims(template)) }),
]);

const OTHER_TYPES: readonly unknown[] = [
  'dpop+jwt',
  'logout+jwt',
  'application/logout+jwt',
  'secevent+jwt',
  'txntoken+jwt',
  'oauth-id-jag+jwt',
  'entity-statement+jwt',
  'JOSE',
  'JOSE+JSON',
  'JWE',
  'JW',
  'JWT ',
  ' JWT',
  'JWT\u0000',
  'JWT;x=1',
  'application/application/jwt',
  '',
  'application/',
];

/** Tokens of another kind, and `typ` that is no text. */
export const otherTypes: readonly Shape[] = OTHER_TYPES.map((typ) => withHeader({ typ }));
export const typeFaults: readonly Shape[] = [
  ...[7, null, true, ['JWT'], {}].map((typ) => withHeader({ typ })),
  ...['JWT', 'jwt', 'json', 'application/jwt', '', null, 7].map((cty) => withHeader({ cty })),
];

const five =
  (alg: string, more: object = {}): Shape =>
  (template, random) => {
    const first = b64(JSON.stringify({ alg, enc: 'A256GCM', kid: template.header['kid'], ...more }));
    return [first, random.text(40), random.text(16), b64(claims(template)), random.text(22)].join('.');
  };

/** Tokens in tokens, and encrypted ones. */
export const nestedAndEncrypted: readonly Shape[] = [
  five('RSA-OAEP'),
  five('RSA-OAEP-256'),
  five('RSA1_5'),
  five('dir'),
  five('A256KW'),
  five('ECDH-ES', { epk: { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' } }),
  five('PBES2-HS256+A128KW', { p2c: 2_147_483_647, p2s: 'AAAA' }),
  (template) => signed(template, { payload: signed(template) }),
  (template) => signed(template, { payload: JSON.stringify(signed(template)) }),
  (template) => signed(template, { payload: JSON.stringify([JSON.parse(claims(template))]) }),
  (template) => signed(template, { header: header(template, { cty: 'JWT' }), payload: signed(template) }),
  (template) => b64(signed(template)),
];

/** The other serialisations (RFC 7515 7.2). */
export const jsonSerialisation: readonly Shape[] = [
  flattened((one) => one),
  flattened(({ protected: first, ...rest }, template) => ({ ...rest, header: template.header, protected: first })),
  flattened(({ payload, signature }, template) => ({ payload, signature, header: template.header })),
  flattened(({ payload, ...one }) => ({ payload, signatures: [one] })),
  flattened(({ payload, ...one }) => ({ payload, signatures: [one, one] })),
  flattened(({ payload }) => ({ payload, signatures: [] })),
  flattened((one) => [one]),
  (template) => JSON.stringify(signed(template)),
  (template) => JSON.stringify([signed(template)]),
  (template) => JSON.stringify(segments(template)),
  (template) => JSON.stringify({ token: signed(template) }),
];

function flattened(
  change: (one: { protected: string; payload: string; signature: string }, template: Template) => unknown,
): Shape {
  return (template) => {
    const [first, payload, signature] = segments(template);
    return JSON.stringify(change({ protected: first, payload, signature }, template));
  };
}

/** Too few segments, too many, and empty ones. */
export const segmentCount: readonly Shape[] = [
  (template) => inputOf(template),
  (template) => inputOf(template).split('.')[0] ?? '',
  (template) => segments(template)[2],
  (template) => `${signed(template)}.`,
  (template) => `.${signed(template)}`,
  (template) => `${signed(template)}.AA`,
  (template) => `${signed(template)}..`,
  (template) => signed(template).replace('.', '..'),
  (template) => signed(template).replaceAll('.', ''),
  (template) => signed(template).replaceAll('.', ','),
  (template) => `${signed(template)}.${signed(template)}`,
  () => '.',
  () => '..',
  () => '.'.repeat(8000),
  () => 'x',
];
