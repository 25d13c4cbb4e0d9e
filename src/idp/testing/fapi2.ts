import type { Answer, Provider } from './openid.ts';
import { APP } from './openid.ts';
import { PID, redirected, VERIFIER, visit } from './sign-in.ts';
import type { Jar } from './sign-in.ts';

type Texts = Readonly<Record<string, string>>;

/** Signs in without a page. */
export const HINT: Texts = { login_hint: `testid:${PID}` };

/** The steps of a client of the FAPI 2.0 persona: each proves it anew. */
export interface PushingClient {
  /** Pushes a request; parameters given as '' are left out. */
  readonly push: (change?: Texts, proof?: Texts, client?: string) => Promise<Answer>;
  /** Pushes a good request and gives its reference. */
  readonly requestUri: (change?: Texts) => Promise<string>;
  /** Opens a reference in a browser. */
  readonly open: (uri: string, jar?: Jar, client?: string) => Promise<Response>;
  /** Pushes, opens, and gives the answer's parameters. */
  readonly answer: (change?: Texts) => Promise<URLSearchParams>;
  readonly redeem: (code: string | null, change?: Texts) => Promise<Answer>;
  /** All of it. */
  readonly tokens: (change?: Texts) => Promise<Answer>;
}

/** Client `web` of a persona that wants every request pushed. */
export function pushingClient(op: Provider): PushingClient {
  const client: PushingClient = {
    push: async (change = {}, proof, id = 'web') => {
      const sent = new URL(op.authorizeUrl({ client_id: id, ...change })).searchParams;
      return await op.post('/par', { ...Object.fromEntries(sent), ...(proof ?? (await op.proof(id))) });
    },
    requestUri: async (change) => String((await client.push(change)).body['request_uri']),
    open: (uri, jar = new Map(), id = 'web') => {
      const query = new URLSearchParams({ client_id: id, request_uri: uri });
      return visit(op.world, jar, `${op.issuer}/authorize?${query.toString()}`);
    },
    answer: async (change) => redirected(await client.open(await client.requestUri({ ...HINT, ...change }))),
    redeem: async (code, change = {}) => {
      const grant = {
        grant_type: 'authorization_code',
        code: code ?? '',
        redirect_uri: APP,
        code_verifier: VERIFIER,
        ...(await op.proof('web')),
        ...change,
      };
      return await op.post('/token', Object.fromEntries(Object.entries(grant).filter(([, value]) => value !== '')));
    },
    tokens: async (change) => await client.redeem((await client.answer(change)).get('code')),
  };
  return client;
}
