import { randomUUID } from 'node:crypto';
import { CLIENT_ASSERTION_TYPE, GRANT, TOKEN_TYPE } from '../../src/oauth/client-assertion.ts';
import { importSigningKey } from '../../src/oauth/jwk.ts';
import type { SigningKey } from '../../src/oauth/jwk.ts';
import { signJws } from '../../src/oauth/jws.ts';
import { callerOf, CLIENTS, grantedPlace, IDP, ISSUER, targetOf, USERS } from './world.ts';
import type { BenchKeys, Mix } from './world.ts';

/** A request as it goes over the wire, and the status it has to be answered with. */
export interface BenchRequest {
  readonly bytes: Buffer;
  readonly status: number;
  readonly kind: Kind;
}

/** 95 % are good; the rest is refused: no rule, a subject token that has run out, a signature that is wrong. */
export type Kind = 'good' | 'no-rule' | 'expired' | 'forged';

const STATUS: Readonly<Record<Kind, number>> = { good: 200, 'no-rule': 400, expired: 400, forged: 401 };
/** So that a subject token is 1.2 KB. */
const FILLER = 'x'.repeat(305);
const CHUNK = 500;

/** What the request at this place of a load is. */
export function kindOf(index: number): Kind {
  const part = (index * 37) % 100;
  if (part < 2) return 'no-rule';
  if (part < 4) return 'expired';
  return part < 5 ? 'forged' : 'good';
}

/** Makes requests of the benchmark's clients for its users. */
export interface RequestMaker {
  /** `callers` = how many of the clients take part, all unless given. */
  make(mix: Mix, count: number, callers?: number): Promise<readonly BenchRequest[]>;
  /** An assertion and a subject token, for whoever measures cryptography alone. */
  tokens(mix: Mix): Promise<BenchTokens>;
}

/** What one request brings. */
export interface BenchTokens {
  readonly assertion: string;
  readonly subject: string;
}

/** Users' tokens are made once, assertions for one request each. */
export async function createRequestMaker(keys: BenchKeys): Promise<RequestMaker> {
  const idp = importSigningKey(keys.idp);
  const clients = {
    RS256: importSigningKey(keys.clients.RS256),
    ES256: importSigningKey(keys.clients.ES256),
    EdDSA: importSigningKey(keys.clients.EdDSA),
  };
  const users = await inChunks(USERS, (index) => subjectToken(index, 3600, idp));
  const expired = await subjectToken(0, -60, idp);
  let made = 0;
  return {
    async make(mix, count, callers = CLIENTS) {
      const from = made;
      made += count;
      return await inChunks(count, async (index) => {
        const [place, kind] = [from + index, kindOf(index)];
        const caller = (place * 7) % callers;
        const subject = kind === 'expired' ? expired : (users[place % USERS] ?? '');
        const assertion = await assertionOf(caller, clients[mix.client]);
        const choice = grantedPlace(caller, place) + (kind === 'no-rule' ? 1 : 0);
        const sent = { assertion: kind === 'forged' ? forge(assertion) : assertion, subject };
        return { bytes: wire(sent, targetOf(mix.output, choice)), status: STATUS[kind], kind };
      });
    },
    tokens: async (mix) => ({ assertion: await assertionOf(0, clients[mix.client]), subject: users[0] ?? '' }),
  };
}

async function inChunks<T>(count: number, make: (index: number) => Promise<T>): Promise<T[]> {
  const all: T[] = [];
  while (all.length < count) {
    const from = all.length;
    const chunk = Array.from({ length: Math.min(CHUNK, count - from) }, (_each, index) => make(from + index));
    // oxlint-disable-next-line no-await-in-loop -- all at once would hold too much
    all.push(...(await Promise.all(chunk)));
  }
  return all;
}

function subjectToken(index: number, secondsLeft: number, key: SigningKey): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: IDP,
    sub: `user-${index}`,
    client_id: 'login',
    acr: 'idporten-loa-high',
    sid: `session-${index}`,
    jti: randomUUID(),
    iat: now - 120,
    exp: now + secondsLeft,
    scope: 'openid profile',
    filler: FILLER,
  };
  return signJws({ typ: 'JWT' }, claims, key);
}

function assertionOf(caller: number, key: SigningKey): Promise<string> {
  const iat = Math.floor(Date.now() / 1000);
  const id = callerOf(caller);
  return signJws({ typ: 'JWT' }, { iss: id, sub: id, aud: ISSUER, jti: randomUUID(), iat, exp: iat + 110 }, key);
}

/** Another jti under the same signature. */
function forge(assertion: string): string {
  const [header = '', payload = '', signature = ''] = assertion.split('.');
  const claims: object = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const other = Buffer.from(JSON.stringify({ ...claims, jti: randomUUID() })).toString('base64url');
  return [header, other, signature].join('.');
}

function wire({ assertion, subject }: { assertion: string; subject: string }, audience: string): Buffer {
  const body = new URLSearchParams({
    grant_type: GRANT.tokenExchange,
    client_assertion_type: CLIENT_ASSERTION_TYPE,
    client_assertion: assertion,
    subject_token_type: TOKEN_TYPE.jwt,
    subject_token: subject,
    audience,
  }).toString();
  const head = [
    'POST /token HTTP/1.1',
    'Host: localhost:7440',
    'Content-Type: application/x-www-form-urlencoded',
    `Content-Length: ${body.length}`,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`, 'latin1');
}
