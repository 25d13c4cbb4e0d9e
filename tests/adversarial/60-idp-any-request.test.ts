import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as fc from 'fast-check';
import { listOf } from '../../src/idp/testing/control.ts';
import { casesOf, plainCase, plainCaseFrom } from './60-idp-cases.ts';
import type { Case } from './60-idp-cases.ts';
import { messageOf } from './60-idp-messages.ts';
import { ORDERS } from './60-idp-orders.ts';
import { TEMPLATES } from './60-idp-templates.ts';
import type { Template } from './60-idp-templates.ts';
import { openProviders } from './60-idp-world.ts';
import type { Message, Providers, Reply } from './60-idp-world.ts';
import { drawSeed, isFull } from './scale.ts';

/*
 * Every case goes over a real connection to a real listener, kept alive; those of one batch at the same time. Batches shrink:
 * what fails is printed as one request that can be sent again by hand.
 */
const seed = drawSeed();
const [CASES, CONTROL_CASES] = isFull ? [90_000, 10_000] : [18_000, 2000];
const IN_A_BATCH = 6;
const BATCHES_OF_A_ROUND = 100;
const STACK = /\bat (?:async )?(?:file:|node:|\/)|node:internal|\.ts:\d+/;

let providers: Providers;
let live: ReadonlyMap<string, string>;
before(async () => {
  providers = await openProviders();
});
after(() => providers.close());

/** What is wrong with an answer; undefined for one that is fine. */
function faultOf(message: Message, reply: Reply): string | undefined {
  if (reply.status >= 500) return `answered ${reply.status}`;
  const leak = STACK.exec(reply.text)?.[0];
  const sent = `${message.target} ${JSON.stringify(message.headers)} ${String(message.body)}`;
  if (leak !== undefined && !sent.includes(leak)) return `told ${leak}`;
  return reply.headers['x-fullmakt-local'] === undefined ? 'does not say that it is a local stand-in' : undefined;
}

/** A request as somebody would write it down to send it again. */
function written(message: Message): string {
  const body = message.body === undefined ? '' : `\n\n${message.body.toString()}`;
  const headers = Object.entries(message.headers).map(([name, value]) => `${name}: ${value}`);
  return `${message.at}: ${[`${message.method} ${message.target}`, ...headers].join('\n')}${body}`.slice(0, 4000);
}

/** Whether an answer says no, in whatever way its endpoint does. */
function isRefusal({ status, headers, text }: Reply): boolean {
  const location = typeof headers['location'] === 'string' ? headers['location'] : undefined;
  const failed = location !== undefined && /[?&#]error=/.test(location);
  return status >= 400 || failed || text === '{"active":false}';
}

/** A template among the others: several may go to one endpoint. */
function nameOf(template: Template): string {
  const { at, method, path, form, query } = template;
  const sent = (form ?? query ?? []).map(([name]) => name);
  return `${at}: ${method} ${path} ${sent.join(' ')}`;
}

async function check(given: Case): Promise<Reply> {
  const { world, openid, oidfBasic, fapi, machines } = providers;
  const keys = new Map([openid, oidfBasic, fapi, machines].map(({ issuer, key }) => [issuer, key]));
  const signers = { now: world.clock.now, keyFor: (audience: string) => keys.get(audience) ?? world.key };
  return deliver(messageOf(given, signers, live));
}

async function deliver(message: Message): Promise<Reply> {
  const { events } = providers.world;
  const told = events.length;
  const reply = await providers.send(message).catch((error: unknown) => {
    throw new Error(`no answer\n${written(message)}`, { cause: error });
  });
  const fault = faultOf(message, reply);
  if (fault === undefined) return reply;
  const causes = events.slice(told).flatMap((event) => (event.event === 'idp.failed' ? [event.cause] : []));
  throw new Error(`${fault}\n${written(message)}\n${causes.join('\n')}`);
}

/** Sends cases until there were enough, with fresh codes and tokens for every round. */
async function flood(templates: readonly Template[], count: number, between: () => Promise<void>): Promise<void> {
  const batch = fc.array(casesOf(templates), { minLength: 1, maxLength: IN_A_BATCH, size: 'max' });
  const { events } = providers.world;
  for (let [sent, round] = [0, 0]; sent < count; round += 1) {
    live = await providers.live();
    sent += await sendRound(batch, seed + round);
    await between();
    const failed = events.filter(({ event }) => event === 'idp.failed');
    assert.deepEqual(failed, []);
    events.length = 0;
  }
}

async function sendRound(batch: fc.Arbitrary<readonly (readonly Case[])[]>, roundSeed: number): Promise<number> {
  let sent = 0;
  const run = fc.asyncProperty(batch, async (all) => {
    const cases = all.flat();
    sent += cases.length;
    await Promise.all(cases.map(check));
  });
  await fc.assert(run, { seed: roundSeed, numRuns: BATCHES_OF_A_ROUND });
  return sent;
}

test('T60 what is spoilt was accepted before, so that it gets further than to a fault of its own', async () => {
  const refused: string[] = [];
  for (const template of TEMPLATES) {
    live = await providers.live();
    const reply = await check(plainCase(template));
    if (isRefusal(reply)) refused.push(nameOf(template));
  }
  assert.deepEqual(refused, TEMPLATES.filter((template) => template.refused !== undefined).map(nameOf));
});

test(`T60 no request makes any endpoint of any persona fail or tell its insides, seed ${seed}`, async () => {
  await flood(TEMPLATES, CASES, () => Promise.resolve());
});

test(`T60 no order makes the control API fail, nor what it let in any persona, seed ${seed}`, async () => {
  await flood(ORDERS, CONTROL_CASES, async () => {
    await providers.control('DELETE', '/v1/faults').catch(() => undefined);
    await providers.control('PUT', '/v1/clock', { offset: 0 });
    await useClients();
    await providers.control('POST', '/v1/reset');
    providers.register();
  });
});

/** What clients that got in may send: every template, with their ids in place of ours. */
async function useClients(): Promise<void> {
  const ids: string[] = [];
  for (const persona of ['idporten', 'entra', 'maskinporten', 'openid']) {
    const known = listOf(await providers.control('GET', `/v1/${persona}/clients`), 'clients');
    for (const each of known) {
      const id = each['client_id'] ?? each['appId'];
      if (each['source'] === 'api' && typeof id === 'string') ids.push(id);
    }
  }
  const signers = { now: providers.world.clock.now, keyFor: () => providers.world.key };
  for (const id of ids) {
    const own = TEMPLATES.map((template): Case => plainCaseFrom(id, template));
    await Promise.all(own.map((each) => deliver(messageOf(each, signers, live))));
  }
}
