import { randomBytes, X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { importVerificationKey } from '../../oauth/jwk.ts';
import type { PublicJwk } from '../../oauth/jwk.ts';
import { KeyRefused } from '../../oauth/key-material.ts';
import { digest } from '../digest.ts';
import { thumbprint } from '../keys/keys.ts';
import { isRedirectAddress, NO_REDIRECT_ADDRESS } from './redirect-address.ts';

/** The organisation of clients that name none. */
export const DEFAULT_ORGNO = '310000019';

const MAX_CERTIFICATE_CHARACTERS = 16_384;
/** Longest life of anything here: a hundred years, so that no sum of times loses its precision. */
export const MAX_SECONDS: number = 100 * 365 * 24 * 60 * 60;

/** A text that is not empty and not endless. */
export const text: z.ZodType<string> = z.string().min(1).max(1024);
/** What a client may be called in a request. */
export const clientId: z.ZodType<string> = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/, 'not 1 to 128 printable characters');
/** Nine digits. */
export const orgno: z.ZodType<string> = z.string().regex(/^\d{9}$/, 'not nine digits');
/** A lifetime. */
export const seconds: z.ZodType<number> = z.number().int().min(1).max(MAX_SECONDS);
/** An address a browser can be sent to: absolute and without fragment (RFC 6749 3.1.2). */
const address: z.ZodType<string> = text.refine(isRedirectAddress, NO_REDIRECT_ADDRESS);
/** An address that is fetched or framed. */
export const webAddress: z.ZodType<string> = address.refine(
  (value) => /^https?:\/\//i.test(value),
  'not an http or https address',
);
/** A list of addresses. */
export const addresses: z.ZodType<readonly string[]> = z.array(address).max(100);
/** Public keys of a client. */
export const jwks: z.ZodType<{ readonly keys: readonly PublicJwk[] }> = z.object({
  keys: z.array(z.custom<PublicJwk>(isUsableKey, 'not a public key that can verify, with a kid')).min(1).max(10),
});
/** A certificate, PEM or base64 of its DER, as the key it certifies. */
export const certificate: z.ZodType<PublicJwk, string> = z
  .string()
  .max(MAX_CERTIFICATE_CHARACTERS)
  .refine((value) => readCertificate(value) !== undefined, 'not an X.509 certificate with a usable key')
  .transform((value) => readCertificate(value) ?? { kty: '', kid: '' });

/** A secret as it is kept: hex SHA-256. */
export function hashSecret(secret: string): string {
  return digest(secret, 'hex');
}

/** A secret nobody chose. */
export function makeSecret(): string {
  return randomBytes(32).toString('base64url');
}

function readCertificate(value: string): PublicJwk | undefined {
  try {
    const pem = value.includes('-----BEGIN') ? value : Buffer.from(value, 'base64');
    const parsed = new X509Certificate(pem);
    const der = parsed.raw.toString('base64');
    const { kty, ...members } = parsed.publicKey.export({ format: 'jwk' });
    const jwk = { ...members, kty: kty ?? '', kid: thumbprint(der), x5c: [der] };
    importVerificationKey(jwk);
    return jwk;
  } catch {
    return undefined;
  }
}

function isUsableKey(value: unknown): boolean {
  try {
    return importVerificationKey(value).kid !== undefined;
  } catch (error) {
    if (error instanceof KeyRefused) return false;
    throw error;
  }
}
