import { randomBytes } from 'node:crypto';

/** What a secret is made of in this run: nobody else writes it. */
export const MARK: string = `canary${randomBytes(8).toString('hex')}`;
/** A person who signs in, and one who only stands in what strangers send. */
export const STRANGER: string = '14828530152';
export const b64 = (value: object | string): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
export const TOKEN: string = `${b64({ alg: 'RS256', kid: MARK })}.${b64({ sub: MARK, pid: STRANGER })}.${'c4n4ry_'.repeat(30)}`;
export const SHORT_TOKEN: string = `${b64({ alg: 'none' })}.${b64({ sub: MARK })}.AA`;
/** What must not be found of all this. */
export const TRACES: readonly string[] = [
  MARK,
  b64(MARK).slice(0, 20),
  STRANGER,
  TOKEN.split('.')[1] ?? '',
  SHORT_TOKEN.split('.')[1] ?? '',
  'c4n4ry_c4n4ry_',
];
