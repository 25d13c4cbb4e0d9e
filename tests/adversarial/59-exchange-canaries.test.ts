import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { ADMIN_AUDIENCE, selfSigned } from '../../src/exchange/testing/operators.ts';
import { sign } from '../../src/exchange/testing/world.ts';
import { CLIENT_ASSERTION_TYPE, TOKEN_TYPE } from '../../src/oauth/client-assertion.ts';
import { generatePrivateJwk } from '../../src/oauth/jwk.ts';
import type { PrivateJwk } from '../../src/oauth/jwk.ts';
import { loopbackFetch } from '../loopback.ts';
import { createFleet } from '../servers/fleet.ts';
import { FAULT_ON_SIGNAL, startAlone } from './exchange-alone.ts';
import { forms, headers, SECRET_FIELDS } from './59-attacks.ts';
import { b64, MARK, STRANGER, TOKEN, TRACES } from './59-marks.ts';
import { wholeFile } from './whole-file.ts';
import { until } from '../until.ts';

/* What must stay secret, through every door of a `fullmakt exchange` whose log is as talkative as it can be. */

const fleet = await createFleet();
const operator = await generatePrivateJwk('RS256', 'operator-1');
const context = wholeFile();
const answers: string[] = [];
const secrets = new Set<string>(TRACES);
let server: Awaited<ReturnType<typeof startAlone>>;

before(async () => {
  server = await startAlone(context, fleet, {
    env: {
      ...FAULT_ON_SIGNAL,
      FULLMAKT_EXCHANGE_LOG_LEVEL: 'debug',
      FULLMAKT_EXCHANGE_OPERATORS: JSON.stringify([selfSigned(operator)]),
    },
  });
});

const PLACES = [
  'POST /token',
  'POST /introspect',
  'POST /revoke',
  'POST /explain',
  'POST /admin/revocations',
  'POST /admin/keys/rotate',
  'POST /admin/keys/x/revoke',
  'GET /admin/replicas',
  'POST /registration/client',
  'GET /registration/client/x',
  'GET /jwks',
  'GET /.well-known/oauth-authorization-server',
  'GET /.well-known/openid-configuration',
  'GET /metrics',
  'GET /readyz',
] as const;

interface Sent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The answer may tell back what was sent. */
  readonly mayTell?: boolean;
}

async function send(place: string, { headers: sent = {}, body, mayTell = false }: Sent): Promise<Response> {
  const [method = '', path = ''] = place.split(' ');
  const init = { method, headers: { ...sent }, ...(method === 'POST' && body !== undefined ? { body } : {}) };
  const answer = await loopbackFetch(`${server.origin}${path}`, init);
  const copy = answer.clone();
  // Whoever chose a reference for a request finds it on the answer again.
  const told = [...answer.headers].filter(([name]) => name !== 'x-correlation-id');
  if (!mayTell) answers.push(`${method} ${answer.status} ${told.join()} ${await answer.text()}`);
  return copy;
}

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
/** A key under the name of a canary. */
const named = (key: PrivateJwk, kid: string = MARK): PrivateJwk => ({ ...key, kid });
const bearer = (claims: object = {}, key: PrivateJwk = operator): Promise<string> => {
  const iat = Math.floor(Date.now() / 1000);
  const good = { iss: 'chief', sub: 'chief', aud: ADMIN_AUDIENCE, iat, exp: iat + 60 };
  return sign({ ...good, ...claims }, key);
};
/** A signed token, every part of which is a secret from now on. */
function kept(token: string): string {
  for (const part of token.split('.').slice(1)) secrets.add(part);
  return token;
}

/** Everything it wrote and shows. The database holds used tokens and people as hashes. */
async function everything(): Promise<Readonly<Record<string, string>>> {
  const files = readdirSync(server.dir).filter((name) => /\.(?:jsonl|sqlite(?:-wal)?)$/.test(name));
  return {
    'log and terminal': server.said(),
    answers: answers.join('\n'),
    metrics: await (await loopbackFetch(`${server.origin}/metrics`)).text().catch(() => ''),
    ...Object.fromEntries(files.map((name) => [name, readFileSync(join(server.dir, name), 'latin1')])),
  };
}

async function findNone(): Promise<void> {
  for (const [place, text] of Object.entries(await everything())) {
    for (const secret of secrets) {
      const at = text.indexOf(secret);
      assert.equal(at, -1, `in ${place}: …${text.slice(Math.max(0, at - 300), at + secret.length + 20)}`);
    }
  }
}

test('T59 X15: what strangers send in the place of a secret is told nowhere, whichever endpoint of the exchange they send it to', async () => {
  for (const place of PLACES) {
    for (const [round, { body }] of forms().entries()) {
      await send(place, { headers: { ...headers(round), ...FORM }, body });
      if (round % 4 === 0) await send(`${place}?${body.slice(0, 3000)}`, { headers: headers(round + 1) });
    }
    const json = JSON.stringify(Object.fromEntries([...SECRET_FIELDS, 'value', 'idp'].map((name) => [name, TOKEN])));
    await send(place, { headers: { ...headers(1), 'content-type': 'application/json' }, body: json });
    await send(place, { headers: { ...headers(2), 'content-type': MARK }, body: MARK });
  }
  await findNone();
});

test('T59 X15: assertions, tokens, persons and key ids in good and nearly good requests are told nowhere', async () => {
  const person = { sub: STRANGER, pid: STRANGER, sid: `${MARK}-sid`, jti: `jti-${STRANGER}` };
  const exchange = async (changes: Readonly<Record<string, string>>): Promise<Response> =>
    send('POST /token', { headers: FORM, body: (await fleet.form(changes)).toString(), mayTell: true });
  const subject = kept(await fleet.subject(person));
  const assertion = kept(await fleet.assertion());
  const good = await exchange({ subject_token: subject, client_assertion: assertion });
  assert.equal(good.status, 200);
  const { access_token: token = '' } = (await good.json()) as { readonly access_token?: string };
  kept(token);
  // The same again, and with something wrong in each place.
  const bad: readonly Readonly<Record<string, string>>[] = [
    { client_assertion: assertion },
    { client_assertion: kept(await sign({ iss: MARK, sub: STRANGER }, named(fleet.client))) },
    {
      client_assertion: kept(
        await sign({ ...person, iss: 'dev:fleet:web', sub: 'dev:fleet:web' }, named(fleet.client)),
      ),
    },
    { client_assertion: kept(await fleet.assertion({ jti: MARK, aud: MARK })) },
    { client_assertion: kept(await fleet.assertion({ jti: MARK, exp: 1 })) },
    { subject_token: kept(await fleet.subject({ ...person, exp: 1 })) },
    { subject_token: kept(await fleet.subject({ ...person, client_id: MARK })) },
    { subject_token: kept(await sign({ ...person, iss: MARK }, named(fleet.idp))) },
    { subject_token: kept(await sign({ ...person, iss: 'https://idp.example.test' }, named(fleet.client))) },
    { actor_token: token, actor_token_type: TOKEN_TYPE.jwt },
    { audience: TOKEN },
    { audience: `dev:fleet:${STRANGER}` },
    { audience: STRANGER },
    { scope: TOKEN },
    { resource: `https://${MARK}.example.test` },
    { requested_token_type: MARK },
    { grant_type: TOKEN },
    { subject_token_type: TOKEN },
    { client_id: STRANGER },
    { claims: MARK },
    { [MARK]: MARK },
  ];
  for (const changes of bad) {
    const mayTell = changes['audience'] !== undefined;
    const body = (await fleet.form(changes)).toString();
    await send('POST /token', { headers: { ...FORM, ...headers(0, true) }, body, mayTell });
  }
  for (const place of ['POST /introspect', 'POST /revoke']) {
    for (const asked of [token, subject, MARK, TOKEN]) {
      const id = 'dev:fleet:api';
      const client_assertion = kept(await fleet.assertion({ iss: id, sub: id }));
      const form = { client_assertion_type: CLIENT_ASSERTION_TYPE, client_assertion, token: asked };
      const answer = await send(place, { headers: FORM, body: new URLSearchParams(form).toString(), mayTell: true });
      assert.equal(answer.status, 200);
    }
  }
  await findNone();
});

test('T59 X15: bearers of operators, the values they revoke and their faults are told nowhere', async () => {
  const json = { 'content-type': 'application/json' };
  const revoke = async (body: object): Promise<Response> =>
    send('POST /admin/revocations', {
      headers: { ...json, authorization: `Bearer ${kept(await bearer())}` },
      body: JSON.stringify(body),
    });
  // A client that is no app of ours may be one of the provider's.
  for (const kind of ['sub', 'sid', 'jti', 'client']) {
    assert.equal((await revoke({ kind, value: `${MARK}-${kind}` })).status, 202);
    assert.equal((await revoke({ kind, value: STRANGER, idp: 'https://idp.example.test' })).status, 202);
  }
  for (const body of [{ kind: MARK, value: STRANGER }, { kind: 'sub', value: [MARK] }, { [MARK]: STRANGER }]) {
    assert.ok((await revoke(body)).status >= 400);
  }
  const bearers = [
    kept(await bearer({ sub: MARK })),
    kept(await bearer({ iss: MARK, sub: MARK })),
    kept(await bearer({ jti: MARK, exp: 1 })),
    kept(await bearer({ pid: STRANGER }, named(operator))),
    `${b64({ alg: 'RS256', kid: MARK })}.${b64({ iss: 'chief', sub: 'chief', aud: ADMIN_AUDIENCE })}.c4n4ry_c4n4ry_`,
  ];
  for (const token of bearers) {
    const answer = await send('GET /admin/replicas', { headers: { authorization: `Bearer ${token}` } });
    assert.equal(answer.status, 401);
  }
  const authorization = `Bearer ${kept(await bearer())}`;
  await send(`POST /admin/keys/${encodeURIComponent(TOKEN)}/revoke`, { headers: { authorization } });
  await send('POST /explain', {
    headers: { ...json, authorization },
    body: JSON.stringify({ caller: 'dev:fleet:web', target: TOKEN, subjectIssuer: TOKEN, scope: TOKEN }),
    mayTell: true,
  });
  await findNone();
});

test('T59 nothing a stranger writes starts a line of its own in the log or the audit file of the exchange', async () => {
  const forged = '\r\n{"event":"forged"}\n\u2028{"event":"forged"}\u0000\u001b[2J\u202e';
  const names = ['grant_type', 'client_id', 'audience', 'scope', 'subject_token_type', 'resource', forged];
  for (const name of names) {
    await send('POST /token', {
      headers: FORM,
      body: (await fleet.form({ [name]: forged })).toString(),
      mayTell: true,
    });
  }
  const claims = { iss: forged, sub: forged, aud: forged, jti: forged };
  const strange = await sign(claims, named(fleet.client, forged));
  for (const name of ['client_assertion', 'subject_token']) {
    await send('POST /token', {
      headers: FORM,
      body: (await fleet.form({ [name]: strange })).toString(),
      mayTell: true,
    });
  }
  await send('GET /admin/replicas', { headers: { authorization: `Bearer ${await bearer(claims)}` } });
  const authorization = `Bearer ${await bearer()}`;
  await send(`POST /admin/keys/${encodeURIComponent(forged)}/revoke`, { headers: { authorization }, mayTell: true });
  await send('POST /admin/revocations', {
    headers: { 'content-type': 'application/json', authorization },
    body: JSON.stringify({ kind: 'client', value: forged }),
    mayTell: true,
  });
  const audit = readFileSync(join(server.dir, 'audit.jsonl'), 'utf8');
  const lines = [...wholeLines(server.said()), ...wholeLines(audit)];
  assert.ok(lines.length > 100);
  for (const line of lines.filter((each) => !isNotice(each))) {
    const record = JSON.parse(line) as Readonly<Record<string, unknown>>;
    assert.notEqual(record['event'], 'forged');
    // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
    assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202e]/);
  }
});

/** The last one may be on its way still. */
const wholeLines = (text: string): readonly string[] => text.split('\n').slice(0, -1);

/** What Node says of an experiment is no line of ours. */
function isNotice(line: string): boolean {
  return line.startsWith('(node:') || line.startsWith('(Use `node');
}

test('T59 a process that crashes with secrets in its hands prints none of them', async () => {
  const gone = new Promise((resolve) => server.child.once('close', resolve));
  const work = Array.from({ length: 40 }, async () => {
    const changes = {
      client_assertion: kept(await fleet.assertion()),
      subject_token: kept(await fleet.subject({ pid: STRANGER })),
    };
    const body = (await fleet.form(changes)).toString();
    await loopbackFetch(`${server.origin}/token`, { method: 'POST', headers: { ...FORM, ...headers(0) }, body });
  });
  server.child.kill('SIGUSR2');
  const ends = await Promise.allSettled(work);
  assert.equal(await gone, 1);
  assert.ok(
    ends.some(({ status }) => status === 'rejected'),
    'it ended in the middle of them',
  );
  assert.match(server.said(), /a fault of the test/);
  const said = server.said();
  for (const secret of secrets) assert.ok(!said.includes(secret));
  await until(() => server.child.exitCode !== null);
});
