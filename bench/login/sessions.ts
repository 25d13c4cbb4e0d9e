import { randomUUID } from 'node:crypto';
import { createClient } from 'redis';
import { createSessions } from '../../src/login/session/sessions.ts';
import type { SessionRecord } from '../../src/login/session/record.ts';
import { createTicket, sealTicket } from '../../src/login/session/ticket.ts';
import { openRedisStore } from '../../src/store/redis.ts';
import { createSealer } from '../../src/web/seal.ts';
import { untilReady } from '../../tests/contract/redis-ready.ts';
import { accessToken } from './provider.ts';
import type { BenchProvider } from './provider.ts';
import { CLIENT_ID } from './world.ts';

/** The key that seals tickets, as the setting has it. */
export const SESSION_KEY: string = Buffer.alloc(32, 7).toString('base64');
const COOKIE = '__Host-fullmakt.session';
const PROVIDER = 'openid';
const DAY_SECONDS = 86_400;
const AT_A_TIME = 100;
/** With the tokens a record is some 4 KB. */
const REFRESH_TOKEN_CHARACTERS = 600;

/** Where sessions are made. */
interface Seeding {
  readonly redisUrl: string;
  readonly provider: BenchProvider;
  readonly count: number;
}

const now = (): number => Date.now() / 1000;

/** Makes sessions of ours with our own code; gives the `Cookie` header of each. `due`: with a token that has to be refreshed. */
export async function seedOurs(
  { redisUrl, provider, count }: Seeding,
  due: boolean = false,
): Promise<readonly string[]> {
  const store = openRedisStore(redisUrl);
  await untilReady(store);
  const sealer = createSealer([Buffer.from(SESSION_KEY, 'base64')]);
  const sessions = createSessions({ store, now, provider: PROVIDER, clientId: CLIENT_ID, onUnreadable: () => {} });
  const idToken = await provider.idToken(randomUUID());
  const cookies = await inParts(count, async () => {
    const ticket = createTicket(now());
    const record = recordOf(provider.issuer, idToken, due);
    if ((await sessions.create(ticket, record, now())) === undefined) throw new Error('no session was made');
    return `${COOKIE}=${sealTicket(sealer, ticket, COOKIE)}`;
  });
  await store.close();
  return cookies;
}

function recordOf(issuer: string, idToken: string, due: boolean): SessionRecord {
  const day = DAY_SECONDS * 1000;
  const at = Date.now();
  const subject = randomUUID();
  return {
    issuer,
    clientId: CLIENT_ID,
    provider: PROVIDER,
    subject,
    sid: `sid-${subject}`,
    acr: 'Level4',
    amr: ['bankid'],
    authTime: Math.floor(now()),
    accessToken: accessToken(),
    idToken,
    refreshToken: accessToken().slice(0, REFRESH_TOKEN_CHARACTERS),
    times: due
      ? { createdAt: at - day, endsAt: at + day, timeoutAt: undefined, expireAt: at - 1000, refreshedAt: at - day }
      : { createdAt: at, endsAt: at + day, timeoutAt: undefined, expireAt: at + day, refreshedAt: at },
    others: {},
  };
}

/** Sessions of express-openid-connect as it writes them itself. */
export async function seedExpress({ redisUrl, provider, count }: Seeding): Promise<readonly string[]> {
  const client = createClient({ url: redisUrl });
  await client.connect();
  const idToken = await provider.idToken(randomUUID());
  const iat = Math.floor(Date.now() / 1000);
  const exp = iat + DAY_SECONDS;
  const cookies = await inParts(count, async () => {
    const id = randomUUID().replaceAll('-', '');
    const data = {
      id_token: idToken,
      access_token: accessToken(),
      refresh_token: accessToken().slice(0, REFRESH_TOKEN_CHARACTERS),
      token_type: 'Bearer',
      expires_at: exp,
    };
    const cookie = { expires: exp * 1000, maxAge: DAY_SECONDS * 1000 };
    await client.set(`sess:${id}`, JSON.stringify({ header: { iat, uat: iat, exp }, data, cookie }), {
      PX: DAY_SECONDS * 1000,
    });
    return `appSession=${id}`;
  });
  await client.close();
  return cookies;
}

async function inParts(count: number, make: () => Promise<string>): Promise<readonly string[]> {
  const made: string[] = [];
  while (made.length < count) {
    const part = Math.min(AT_A_TIME, count - made.length);
    // oxlint-disable-next-line no-await-in-loop -- so many at a time
    made.push(...(await Promise.all(Array.from({ length: part }, make))));
  }
  return made;
}
