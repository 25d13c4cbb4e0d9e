import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, test } from 'node:test';
import { signJws } from '../../oauth/jws.ts';
import { errorTable } from '../testing/entra-errors.ts';
import type { Expected } from '../testing/entra-error-row.ts';
import { addPeople, employee, machine, registerEntra, SPA_CALLBACK } from '../testing/entra.ts';
import { foreignKey } from '../testing/keys.ts';
import { CASE_WORKERS, CLIENTS } from '../testing/rows.ts';
import { ISSUERS, openWorld } from '../testing/world.ts';

const world = await openWorld({ personas: ['entra'] });
after(() => world.close());

const L = ISSUERS.entra;
const hash = createHash('sha256').update('old').digest('hex');
const spare = await foreignKey('client-key');
const group = `tenant: example.test, groups: [${CASE_WORKERS}]`;
await addPeople(
  world,
  employee('01817010055', 'Z990011', `${group}, requires: mfa`) +
    employee('01817025176', 'Z990012', `${group}, requires: enrol`) +
    employee('01817040205', 'Z990013', `${group}, requires: conditional-access`) +
    employee('01817055326', 'Z990014', `tenant: other.test, groups: [${CASE_WORKERS}]`),
);
const extra = {
  elsewhere: registerEntra(world, 'elsewhere', { tenant: 'other.test' }),
  spa: registerEntra(world, 'browser', { spaRedirectUris: [SPA_CALLBACK] }),
  aging: registerEntra(world, 'aging', { secretHashes: [hash], secretEnds: { [hash]: world.clock.now - 1 } }),
  spare,
};

const TAIL = /^ Trace ID: [0-9a-f-]{36} Correlation ID: [0-9a-f-]{36} Timestamp: \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/;

/** The whole error object of a JSON answer: every member, the prefix and the tail of its description. */
async function checkBody(response: Response, code: number, { error, suberror, claims }: Expected): Promise<string> {
  const body = (await response.json()) as Record<string, unknown>;
  const text = String(body['error_description']);
  const at = text.indexOf(' Trace ID: ');
  assert.equal(body['error'], error, text);
  assert.deepEqual(body['error_codes'], [code], text);
  assert.equal(body['error_uri'], `${L}/error?code=${code}`);
  assert.ok(text.startsWith(`AADSTS${code}: `), text);
  assert.match(text.slice(at), TAIL);
  assert.match(text.slice(at), new RegExp(`Trace ID: ${String(body['trace_id'])} `));
  assert.match(text.slice(at), new RegExp(`Correlation ID: ${String(body['correlation_id'])} `));
  assert.ok(text.endsWith(`Timestamp: ${String(body['timestamp'])}`));
  assert.equal(body['suberror'], suberror);
  if (claims === true)
    assert.match(String(body['claims']), /^\{"access_token":\{"polids":\{"essential":true,"values":\["/);
  else assert.equal(body['claims'], undefined);
  const more = [...(suberror === undefined ? [] : ['suberror']), ...(claims === true ? ['claims'] : [])];
  const whole = ['correlation_id', 'error', 'error_codes', 'error_description', 'error_uri', 'timestamp', 'trace_id'];
  assert.deepEqual(Object.keys(body).toSorted(), [...whole, ...more].toSorted());
  return text.slice(0, at);
}

/** The parameters of an answer by redirect. */
function checkRedirect(response: Response, code: number, { error }: Expected): string {
  const query = new URL(response.headers.get('location') ?? 'none:').searchParams;
  const text = query.get('error_description') ?? '';
  const at = text.indexOf(' Trace ID: ');
  assert.equal(query.get('error'), error, text);
  assert.equal(query.get('error_uri'), `${L}/error?code=${code}`);
  assert.equal(query.get('state'), 'st');
  assert.equal(query.get('iss'), null);
  assert.ok(text.startsWith(`AADSTS${code}: `), text);
  assert.match(text.slice(at), TAIL);
  return text.slice(0, at);
}

async function checkPage(response: Response, code: number): Promise<string> {
  const page = await response.text();
  assert.equal(response.headers.get('location'), null);
  assert.equal(/id="fm-error">([^<]+)</.exec(page)?.[1], `AADSTS${code}`);
  return page.replaceAll('&#39;', "'");
}

for (const [title, ask, expected] of errorTable(world, extra)) {
  const code = Number(/^\d+/.exec(title)?.[0]);
  test(`entra-15-errors: ${title} answers ${expected.status} ${expected.error ?? 'by a page'}`, async () => {
    const response = await ask();
    assert.equal(response.status, expected.status, await response.clone().text());
    const { how = 'body' } = expected;
    const text =
      how === 'body'
        ? await checkBody(response, code, expected)
        : how === 'redirect'
          ? checkRedirect(response, code, expected)
          : await checkPage(response, code);
    for (const value of expected.names ?? []) assert.ok(text.includes(value), `${value} is not named in: ${text}`);
  });
}

test('entra-15-errors: a refusal by policy is told with the manifest line that would allow it', async () => {
  world.events.length = 0;
  await machine(world, 'api://local.demo.closed/.default');
  const refused = world.events.find((event) => event.event === 'idp.refused');
  assert.ok(refused?.event === 'idp.refused');
  assert.equal(refused.fix, 'add `- application: desk` under spec.accessPolicy.inbound.rules in closed.yaml:18');
});

test('entra-15-errors: an assertion of a key unknown and one of a bad signature have one number and two texts', async () => {
  const claims = { iss: CLIENTS.desk, sub: CLIENTS.desk, aud: `${L}/x`, exp: world.clock.now + 60 };
  const ask = async (assertion: string): Promise<string> => {
    const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
    const sent = { client_secret: '', client_assertion: assertion, client_assertion_type: type };
    const { body } = await machine(world, `${CLIENTS.api}/.default`, sent);
    return String(body['error_description']).replace(/ Trace ID.*/, '');
  };
  const [unknown, bad] = [
    await ask(await signJws({ x5t: 'AAAA' }, claims, spare)),
    await ask(await signJws({}, claims, spare)),
  ];
  assert.match(unknown, /^AADSTS700027: .*not registered/);
  assert.match(bad, /^AADSTS700027: .*signature/);
});
