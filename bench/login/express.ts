// express-openid-connect as its documentation sets it up, sessions in Redis, before a pipe that adds the user's access token.
import { once } from 'node:events';
import { Agent } from 'node:http';
import { callbackify } from 'node:util';
import express from 'express';
import { auth } from 'express-openid-connect';
import type { ConfigParams } from 'express-openid-connect';
import { createClient } from 'redis';
import { passOn } from './pass-on.ts';
import { portOf } from './port.ts';
import { CLIENT_ID, CLIENT_SECRET, HOST } from './world.ts';

const [{ upstreamPort, redisUrl, issuer }] = await once(process, 'message');
const client = createClient({ url: String(redisUrl) });
await client.connect();

type Store = NonNullable<NonNullable<ConfigParams['session']>['store']>;

/** As stores for `express-session` are: a text for each session, and its end. */
const store: Store = {
  get: callbackify(async (id: string) => {
    const text = await client.get(`sess:${id}`);
    return text === null ? undefined : JSON.parse(text);
  }),
  set: callbackify(async (id: string, session: { readonly cookie: { readonly maxAge: number } }) => {
    await client.set(`sess:${id}`, JSON.stringify(session), { PX: Math.ceil(session.cookie.maxAge) });
  }),
  destroy: callbackify(async (id: string) => {
    await client.del(`sess:${id}`);
  }),
};

const agent = new Agent({ keepAlive: true });
const app = express();
app.use(
  auth({
    authRequired: true,
    authorizationParams: { response_type: 'code', scope: 'openid' },
    baseURL: `https://${HOST}`,
    clientID: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    issuerBaseURL: String(issuer),
    secret: 'a secret for cookies of the benchmark',
    session: { store },
  }),
);
app.use((incoming, outgoing) => {
  const { access_token: token = '' } = incoming.oidc.accessToken ?? {};
  const headers = { ...incoming.headers, authorization: `Bearer ${token}` };
  passOn({ agent, port: Number(upstreamPort), headers }, incoming, (answer) => {
    outgoing.status(answer.statusCode ?? 502);
    for (const [name, value] of Object.entries(answer.headers))
      if (value !== undefined) outgoing.setHeader(name, value);
    answer.pipe(outgoing);
  });
});
const server = app.listen(0, '127.0.0.1');
server.keepAliveTimeout = 120_000;
await once(server, 'listening');
process.on('disconnect', () => process.exit(0));
process.send?.({ port: portOf(server) });
