import type { Random } from '../scale.ts';
import {
  b64,
  claims,
  ed,
  es,
  header,
  hs,
  inputOf,
  ps,
  publicHalf,
  rs,
  segments,
  signed,
  withHeader,
} from './template.ts';
import type { Shape, Signer, Template } from './template.ts';

const NONE = [
  'none',
  'None',
  'NONE',
  'nOnE',
  'noNe',
  'none ',
  ' none',
  'none\u0000',
  'n\u043ene',
  'null',
  '',
  'unsecured',
];

function unsigned(alg: string, signature: (template: Template, input: string) => string): Shape {
  return (template) => {
    const input = inputOf(template, { header: header(template, { alg }) });
    return `${input}.${signature(template, input)}`;
  };
}

/** `alg` none, however it is spelt: without signature, with some, and with a right one. */
export const noneSpellings: readonly Shape[] = NONE.flatMap((alg) => [
  unsigned(alg, () => ''),
  unsigned(alg, ({ key }, input) => b64(rs(key)(Buffer.from(input)))),
  unsigned(alg, () => 'AA'),
]);

/** Nothing, or nothing to speak of, where the signature belongs. */
export const emptySignature: readonly Shape[] = ['RS256', 'PS256', 'ES256', 'EdDSA', 'HS256'].flatMap((alg) => [
  unsigned(alg, () => ''),
  unsigned(alg, () => b64(Buffer.alloc(1))),
  unsigned(alg, () => b64(Buffer.alloc(64))),
  unsigned(alg, () => b64(Buffer.alloc(256))),
]);

const SECRETS: readonly ((template: Template) => string | Buffer)[] = [
  (template) => publicHalf(template).export({ type: 'spki', format: 'pem' }),
  (template) => publicHalf(template).export({ type: 'spki', format: 'pem' }).trim(),
  (template) => ` ${publicHalf(template).export({ type: 'spki', format: 'pem' })}`,
  (template) => publicHalf(template).export({ type: 'pkcs1', format: 'pem' }),
  (template) => publicHalf(template).export({ type: 'spki', format: 'der' }),
  (template) => JSON.stringify(template.publicJwk),
  ({ publicJwk }) => String(publicJwk['n']),
  ({ publicJwk }) => Buffer.from(String(publicJwk['n']), 'base64url'),
  ({ publicJwk }) => publicJwk.kid,
  () => '',
];

/** HMAC with everything a confused verifier could take for the secret. */
export const hmacWithPublicKey: readonly Shape[] = [256, 384, 512].flatMap((bits) =>
  SECRETS.map(
    (secret): Shape =>
      (template) =>
        signed(template, {
          header: header(template, { alg: `HS${bits}` }),
          by: hs(secret(template), `sha${bits}`),
        }),
  ),
);

const signedAs =
  (alg: unknown, by: (template: Template) => Signer): Shape =>
  (template) =>
    signed(template, { header: header(template, { alg }), by: by(template) });

/** The right key, with an algorithm it is not for, and names that only look like the right one. */
export const algorithmOutsideList: readonly Shape[] = [
  ...['384', '512', '1'].map((bits) => signedAs(`RS${bits}`, ({ key }) => rs(key, `sha${bits}`))),
  ...['384', '512'].map((bits) => signedAs(`PS${bits}`, ({ key }) => ps(key, `sha${bits}`))),
  ...['rs256', 'Rs256', 'RS256 ', 'RS256\u0000', 'RSA256', 'RSA-SHA256', 'RSASSA-PKCS1-v1_5', '\u{ff32}S256'].map(
    (alg) => signedAs(alg, ({ key }) => rs(key)),
  ),
  ...[256, null, true, ['RS256'], { alg: 'RS256' }, undefined].map((alg) => signedAs(alg, ({ key }) => rs(key))),
];

/** Keys of another kind or another owner under the trusted name. */
export const keyTypeSwap: readonly Shape[] = [
  signedAs('RS256', ({ attacker }) => rs(attacker.rsa)),
  signedAs('PS256', ({ attacker }) => ps(attacker.rsa)),
  signedAs('ES256', ({ attacker }) => es(attacker.ec)),
  signedAs('ES256', ({ attacker }) => es(attacker.ec, 'der')),
  signedAs('EdDSA', ({ attacker }) => ed(attacker.ed)),
  signedAs('ES256', ({ key }) => rs(key)),
  signedAs('EdDSA', ({ key }) => rs(key)),
  signedAs('RS256', ({ attacker }) => es(attacker.ec)),
  signedAs('RS256', ({ attacker }) => ed(attacker.ed)),
  signedAs('RS256', ({ key }) => ps(key)),
  signedAs('ES384', ({ attacker }) => es(attacker.ec)),
  signedAs('ES512', ({ attacker }) => es(attacker.ec)),
];

/** Changes the bytes of a right signature. */
const changed =
  (change: (signature: Buffer, random: Random, template: Template) => Buffer): Shape =>
  (template, random) => {
    const [first, second, third] = segments(template);
    return `${first}.${second}.${b64(change(Buffer.from(third, 'base64url'), random, template))}`;
  };

const flip = changed((signature, random) => {
  const at = random.below(signature.length);
  const bytes = Buffer.from(signature);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
  return bytes;
});

const zeros = (alg: string, length: number): Shape => withHeader({ alg }, () => Buffer.alloc(length));

/** Right signatures bent, cut, stretched, and those of something else. */
export const signatureFaults: readonly Shape[] = [
  flip,
  flip,
  flip,
  changed((signature, random) => signature.subarray(0, random.below(signature.length - 1) + 1)),
  changed((signature, random) => signature.subarray(random.below(signature.length - 1) + 1)),
  changed((signature) => Buffer.concat([Buffer.of(0), signature])),
  changed((signature) => Buffer.concat([signature, Buffer.of(0)])),
  changed((signature) => Buffer.from(signature.toReversed())),
  changed((signature, _random, { publicJwk }) => plus(signature, Buffer.from(String(publicJwk['n']), 'base64url'))),
  changed((signature) => Buffer.alloc(signature.length, 0xff)),
  changed((signature) => Buffer.concat([Buffer.of(0x30, 0x82, 1, 4, 2, 0x82, 1, 0), signature])),
  zeros('ES256', 64),
  zeros('ES256', 8),
  withHeader({ alg: 'ES256' }, () => Buffer.from('3006020100020100', 'hex')),
  withHeader({ alg: 'ES256' }, () => Buffer.alloc(64, 0xff)),
  (template) => {
    const other = signed(template, { payload: claims(template, { jti: 'another' }) });
    return `${inputOf(template)}.${other.split('.')[2] ?? ''}`;
  },
];

/** signature + modulus: the same number to a verifier that forgets to ask whether it is below the modulus. */
function plus(signature: Buffer, modulus: Buffer): Buffer {
  const sum = BigInt(`0x${signature.toString('hex')}`) + BigInt(`0x${modulus.toString('hex')}`);
  const hex = sum.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
}
