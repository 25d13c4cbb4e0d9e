import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { PrivateJwk } from '../../oauth/jwk.ts';
import type { Change } from './world.ts';

type Members = Readonly<Record<string, unknown>>;
/** What one fault changes in a good request. */
export interface LegacyFault {
  readonly what: string;
  readonly status: number;
  readonly error: string;
  /** What the description has to name, whatever its words. */
  readonly says: readonly string[];
  readonly form?: Readonly<Record<string, string | undefined>>;
  readonly assertion?: {
    readonly claims?: Members;
    readonly header?: Members;
    readonly stranger?: true;
    readonly raw?: string;
  };
  readonly subject?: {
    readonly claims?: Members;
    readonly header?: Members;
    readonly stranger?: true;
    readonly raw?: string;
  };
  readonly replayed?: true;
  /** Why a tokendings server itself answers otherwise, where it does and that is accepted. */
  readonly differs?: string;
}

/** Whom the faults are made for, and when. Seconds since the epoch; `margin` where clocks are not held still. */
export interface FaultPlace {
  readonly issuer: string;
  readonly now: number;
  readonly margin: number;
}

/** A server in the place of tokendings, or one itself, with a client that it knows and a user's issuer that it trusts. */
export interface FaultPeer {
  readonly keys: { readonly client: PrivateJwk; readonly idp: PrivateJwk; readonly stranger: PrivateJwk };
  /** Seconds since the epoch. */
  now(): number;
  assertion(change: Change): Promise<string>;
  subject(change: Change): Promise<string>;
  exchange(parameters: Readonly<Record<string, string | undefined>>): Promise<FaultAnswer>;
}

/** What such a server answered. */
export interface FaultAnswer {
  readonly status: number;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

const WEB = 'dev:fleet:web';
const refused = { status: 400, error: 'invalid_request' };
const nobody = { status: 401, error: 'invalid_client' };

/** Every situation that such a server tells apart, in the order in which it looks for them. */
export function legacyFaults({ issuer, now, margin }: FaultPlace): readonly LegacyFault[] {
  return [
    { what: 'client_assertion missing', ...refused, says: ['client_assertion'], form: { client_assertion: undefined } },
    {
      what: 'wrong client_assertion_type',
      ...nobody,
      says: ['client_assertion_type'],
      form: { client_assertion_type: 'urn:x' },
    },
    {
      what: 'assertion not signed',
      ...refused,
      says: ['client assertion'],
      assertion: { raw: 'eyJhbGciOiJub25lIn0.e30.' },
    },
    { what: 'assertion without sub', ...nobody, says: ['sub'], assertion: { claims: { sub: undefined } } },
    { what: 'audience missing', ...refused, says: ['audience'], form: { audience: undefined } },
    {
      what: 'caller unknown',
      ...nobody,
      says: ['dev:fleet:nobody'],
      assertion: { claims: { sub: 'dev:fleet:nobody', iss: 'dev:fleet:nobody' } },
    },
    { what: 'assertion typ', ...refused, says: ['typ', 'dpop+jwt'], assertion: { header: { typ: 'dpop+jwt' } } },
    { what: 'assertion signature', ...refused, says: ['signature'], assertion: { stranger: true } },
    {
      what: 'assertion without claims',
      ...refused,
      says: ['jti, nbf'],
      assertion: { claims: { nbf: undefined, jti: undefined } },
    },
    {
      what: 'assertion of another issuer',
      ...refused,
      says: ['iss', WEB],
      assertion: { claims: { iss: 'dev:fleet:api' } },
    },
    { what: 'assertion expired', ...refused, says: ['exp'], assertion: { claims: { exp: now - 60 - margin } } },
    { what: 'assertion not valid yet', ...refused, says: ['nbf'], assertion: { claims: { nbf: now + 60 + margin } } },
    { what: 'assertion from the future', ...refused, says: ['iat'], assertion: { claims: { iat: now + 60 + margin } } },
    {
      what: 'assertion for another server',
      ...refused,
      says: ['https://other.example.test', issuer, `${issuer}/token`],
      assertion: { claims: { aud: 'https://other.example.test' } },
    },
    {
      what: 'assertion lives too long',
      ...nobody,
      says: [WEB, '120 s'],
      assertion: { claims: { exp: now + 121 + margin } },
    },
    { what: 'assertion replayed', ...nobody, says: [WEB], replayed: true, differs: 'it remembers no assertions' },
    { what: 'grant unknown', status: 403, error: 'access_denied', says: ['urn:x'], form: { grant_type: 'urn:x' } },
    { what: 'subject_token missing', ...refused, says: ['subject_token'], form: { subject_token: undefined } },
    {
      what: 'target unknown',
      ...refused,
      says: ['dev:fleet:nothing'],
      form: { audience: 'dev:fleet:nothing' },
    },
    { what: 'no rule', ...refused, says: [WEB, 'dev:fleet:lonely'], form: { audience: 'dev:fleet:lonely' } },
    {
      what: 'wrong subject_token_type',
      ...refused,
      says: ['subject_token_type', 'urn:ietf:params:oauth:token-type:jwt'],
      form: { subject_token_type: 'urn:ietf:params:oauth:token-type:access_token' },
    },
    { what: 'subject token not signed', ...refused, says: ['subject token'], subject: { raw: 'a.b.c' } },
    {
      what: 'subject issuer untrusted',
      ...refused,
      says: ['subject token', 'https://x.example.test'],
      subject: { claims: { iss: 'https://x.example.test' } },
    },
    {
      what: 'subject typ',
      ...refused,
      says: ['subject token', 'logout+jwt'],
      subject: { header: { typ: 'logout+jwt' } },
    },
    {
      what: 'subject key',
      ...refused,
      says: ['subject token', 'kid'],
      subject: { header: { kid: 'x' }, stranger: true },
    },
    {
      what: 'subject without claims',
      ...refused,
      says: ['exp, iat'],
      subject: { claims: { exp: undefined, iat: undefined } },
    },
    {
      what: 'subject expired',
      ...refused,
      says: ['subject token', 'exp'],
      subject: { claims: { exp: now - 60 - margin } },
    },
    {
      what: 'subject not valid yet',
      ...refused,
      says: ['subject token', 'nbf'],
      subject: { claims: { nbf: now + 60 + margin } },
    },
  ];
}

/** Of two faults in one place only one can be made. */
export function mergedFaults(one: LegacyFault, other: LegacyFault): LegacyFault | undefined {
  const parts = [one.assertion, other.assertion, one.subject, other.subject];
  if (parts.filter((part) => part?.raw !== undefined).length > 0 && one.assertion && other.assertion) return undefined;
  if (one.subject && other.subject && (one.subject.raw ?? other.subject.raw) !== undefined) return undefined;
  const isClash =
    clash(one.form, other.form) ||
    clash(one.assertion?.claims, other.assertion?.claims) ||
    clash(one.subject?.claims, other.subject?.claims) ||
    (misses(one, 'client_assertion') && (other.assertion !== undefined || other.replayed)) ||
    (misses(one, 'subject_token') && other.subject !== undefined) ||
    (misses(other, 'subject_token') && one.subject !== undefined) ||
    (one.assertion !== undefined && other.replayed === true);
  if (isClash) return undefined;
  const { form: _, assertion: _a, subject: _s, ...named } = one;
  return {
    ...named,
    ...(other.replayed && { replayed: other.replayed }),
    form: { ...one.form, ...other.form },
    assertion: both(one.assertion, other.assertion),
    subject: both(one.subject, other.subject),
  };
}

const misses = ({ form = {} }: LegacyFault, name: string): boolean =>
  Object.hasOwn(form, name) && form[name] === undefined;

const clash = (one: object = {}, other: object = {}): boolean =>
  Object.keys(one).some((name) => Object.hasOwn(other, name));

function both<T extends NonNullable<LegacyFault['assertion']>>(
  one: T | undefined,
  other: T | undefined,
): NonNullable<LegacyFault['assertion']> {
  const raw = one?.raw ?? other?.raw;
  const stranger = one?.stranger ?? other?.stranger;
  return {
    claims: { ...one?.claims, ...other?.claims },
    header: { ...one?.header, ...other?.header },
    ...(raw !== undefined && { raw }),
    ...(stranger && { stranger }),
  };
}

const change = (
  { claims = {}, header = {}, stranger }: NonNullable<LegacyFault['assertion']>,
  key: PrivateJwk,
): Change => ({ claims, header, ...(stranger && { key }) });

/** A good request with this fault in it. */
export async function sendFaulty(
  fault: Pick<LegacyFault, 'form' | 'assertion' | 'subject' | 'replayed'>,
  on: FaultPeer,
): Promise<FaultAnswer> {
  const { assertion = {}, subject = {}, form } = fault;
  const { keys } = on;
  const { claims, ...signing } = change(assertion, { ...keys.stranger, kid: keys.client.kid });
  const signed = await on.assertion({
    ...signing,
    claims: { nbf: Math.floor(on.now()), jti: randomUUID(), ...claims },
  });
  const client_assertion = assertion.raw ?? signed;
  if (fault.replayed) assert.equal((await on.exchange({ client_assertion })).status, 200);
  const { header = {}, ...signer } = change(subject, { ...keys.stranger, kid: keys.idp.kid });
  const kid = Object.hasOwn(header, 'kid') ? { key: { ...keys.stranger, kid: 'x' } } : {};
  const subject_token = subject.raw ?? (await on.subject({ ...signer, header, ...kid }));
  return on.exchange({ client_assertion, subject_token, ...form });
}
