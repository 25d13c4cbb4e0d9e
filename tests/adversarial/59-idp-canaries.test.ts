import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idpEvents } from '../../src/idp/events.ts';
import { createObserver } from '../../src/observe/observer.ts';
import { ORDERS } from './60-idp-orders.ts';
import { TEMPLATES } from './60-idp-templates.ts';
import type { Template } from './60-idp-templates.ts';
import { openProviders } from './60-idp-world.ts';
import type { Message, Providers } from './60-idp-world.ts';

const MARK = 'CANARY-7f3a9';
/** What parts of a secret would look like elsewhere. */
const TRACES = [MARK, Buffer.from(MARK).toString('base64url').slice(0, 12), encodeURIComponent(MARK)];
/** Parameters whose value is a secret wherever it is sent. */
const SECRETS = [
  'client_secret',
  'client_assertion',
  'assertion',
  'code',
  'code_verifier',
  'refresh_token',
  'token',
  'access_token',
  'id_token_hint',
  'request',
  'pid',
  'person',
  'transaction',
] as const;

const b64 = (text: string): string => Buffer.from(text).toString('base64url');
/** As a plain text, as a JWT whose signature it is, and as a JWT that says it. */
const SPELLINGS = [
  MARK,
  `${b64('{"alg":"RS256","kid":"k"}')}.${b64('{"iss":"x"}')}.${b64(`${MARK}${MARK}`)}`,
  `${MARK}.${MARK}.${MARK}`,
];

function* attacks({ at, method, path, query, form, json, headers = {} }: Template): Generator<Message> {
  const type = { 'content-type': json === undefined ? 'application/x-www-form-urlencoded' : 'application/json' };
  const own = Object.fromEntries(
    Object.entries(headers).filter(([name]) => name !== 'cookie' && name !== 'authorization'),
  );
  const secretHeaders = [
    { authorization: `Bearer ${MARK}` },
    { authorization: `Basic ${Buffer.from(`stranger:${MARK}`).toString('base64')}` },
    { authorization: `Basic ${Buffer.from(`web:${MARK}`).toString('base64')}` },
    { authorization: MARK },
    {
      cookie: ['idporten', 'entra', 'openid', 'oidf-basic']
        .map((name) => `fm_${name}_sso=${MARK}; fm_${name}_tx=${MARK}`)
        .join('; '),
    },
    { dpop: `${MARK}.${MARK}.${MARK}` },
  ];
  for (const each of secretHeaders) {
    yield {
      at,
      method,
      target: path,
      headers: { ...own, ...type, ...each },
      body: method === 'GET' ? undefined : 'a=b',
    };
  }
  for (const name of SECRETS) {
    for (const value of SPELLINGS) {
      const fields = [...(query ?? form ?? []).filter(([each]) => each !== name), [name, value]];
      const text = fields.map(([key = '', each = '']) => `${key}=${encodeURIComponent(each)}`).join('&');
      const body = json === undefined ? text : JSON.stringify({ [name]: value });
      if (method === 'GET') yield { at, method, target: `${path}?${text}`, headers: own, body: undefined };
      else yield { at, method, target: path, headers: { ...own, ...type }, body };
    }
  }
}

/** All that a provider says to others than who asked: log, figures, the list of requests. */
async function told(providers: Providers): Promise<Readonly<Record<string, string>>> {
  const lines: string[] = [];
  const { world, control } = providers;
  const observer = createObserver({
    level: 'debug',
    destination: { write: (line) => void lines.push(line) },
    now: () => world.clock.now,
  });
  const emit = observer.emitter('idp', idpEvents);
  for (const event of world.events) emit(event);
  const metrics = await observer.metrics();
  await observer.close();
  assert.ok(lines.length > 5 && metrics.includes('fullmakt_idp_'), 'there is something to look at');
  const requests = JSON.stringify((await control('GET', '/v1/requests')).body);
  return { log: lines.join('\n'), metrics, requests };
}

function findNone(places: Readonly<Record<string, string>>, traces: readonly string[]): void {
  for (const [place, text] of Object.entries(places)) {
    for (const trace of traces) {
      const at = text.indexOf(trace);
      assert.equal(at, -1, `${place}: ${text.slice(Math.max(0, at - 200), at + 100)}`);
    }
  }
}

test('T59 what is sent as a secret to any endpoint of any persona or the control API is in no log, figure, list, page or error', async (t) => {
  const providers = await openProviders();
  t.after(() => providers.close());
  for (const template of [...TEMPLATES, ...ORDERS]) {
    for (const message of attacks(template)) {
      const { status, text, headers } = await providers.send(message);
      const place = `${message.at} ${message.method} ${message.target.split('?')[0] ?? ''} ${status}`;
      findNone({ [place]: `${text} ${String(headers['location'] ?? '')}` }, TRACES);
    }
  }
  findNone(await told(providers), TRACES);
});

test('T59 codes, tokens, cookies, secrets and identity numbers of real sign-ins are in no log, figure or list of requests', async (t) => {
  const providers = await openProviders();
  t.after(() => providers.close());
  const { world } = providers;
  for (let round = 0; round < 4; round += 1) {
    const live = await providers.live();
    const cookies = (live.get('cookies') ?? '').split('; ').map((each) => each.slice(each.indexOf('=') + 1));
    const open = new Set(['issuer', 'callback', 'kid', 'cookies']);
    const secrets = [...[...live].filter(([name]) => !open.has(name)).map(([, value]) => value), ...cookies];
    assert.ok(secrets.length > 25);
    // The signature makes a token one; what an assertion says of itself may be shown.
    const traces = secrets.map((value) => (value.split('.').length === 3 ? (value.split('.')[2] ?? value) : value));
    findNone(
      await told(providers),
      traces.filter((value) => value.length > 6),
    );
  }
  assert.ok(world.events.some(({ event }) => event === 'idp.issued'));
});
