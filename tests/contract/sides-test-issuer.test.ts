import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openMachines } from '../../src/exchange/testing/machines.ts';
import { entraMachineForm } from '../../src/oauth/grants/entra.ts';
import { maskinportenForm, maskinportenGrantClaims } from '../../src/oauth/grants/maskinporten.ts';
import { signClientAssertion } from '../../src/oauth/client-assertion.ts';
import { parseJwt } from '../../src/oauth/jwt.ts';
import { createTestIssuer } from '../../src/sdk/testing.ts';
import type { TokenKind } from '../../src/sdk/testing.ts';
import { now } from '../strangers/providers.ts';
import { API, DESK, startSides } from './sides.ts';

/* The issuer that applications test with and the local providers state the tokens of a service each by itself: here they meet. */

const issuer = await createTestIssuer();
const { providers, key, signIn, tokenEndpoint } = await startSides();
after(() => providers.close());
const machines = await openMachines();
after(() => machines.world.close());
const { issuers } = providers;

/** The type of every claim and header member: text, number, a list of something, or an object with its own members. */
function typeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(typeOf).slice(0, 1);
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, typeOf(member)]));
}

interface Shape {
  readonly header: unknown;
  readonly claims: Record<string, unknown>;
  /** From `iat` to when it was made, from `iat` to `exp`: what a clock tells apart. */
  readonly backdated: boolean;
}

function shapeOf(token: unknown, madeAt: number = now()): Shape {
  const { header, claims } = parseJwt(token);
  const backdated = madeAt - Number(claims['iat']) > 200;
  return {
    header: typeOf(header),
    claims: Object.fromEntries(Object.entries(claims).map(([k, v]) => [k, typeOf(v)])),
    backdated,
  };
}

/** Claims on one side alone, and why. */
interface Difference {
  /** Of the provider, and of no interest to who validates. */
  readonly theirs?: readonly string[];
  /** Of the test issuer, which shows what a token can have. */
  readonly ours?: readonly string[];
}

function assertSame(
  kind: TokenKind,
  token: unknown,
  { theirs = [], ours = [] }: Difference = {},
  madeAt?: number,
): void {
  const [local, minted] = [shapeOf(token, madeAt), shapeOf(issuer.mint(kind))];
  for (const name of theirs) {
    assert.ok(name in local.claims && !(name in minted.claims), `${kind}: ${name} is theirs`);
    delete local.claims[name];
  }
  for (const name of ours) {
    assert.ok(name in minted.claims && !(name in local.claims), `${kind}: ${name} is ours`);
    delete minted.claims[name];
  }
  assert.deepEqual(minted, local, kind);
}

const person = { hint: 'testid:01819090285_idporten-loa-high', scope: 'openid profile' };

test('sides-agree: tokens of ID-porten have the claims that applications are tested with (5.1)', async () => {
  const { client, tokens } = await signIn({
    kind: 'idporten',
    issuer: issuers.idporten,
    clientId: 'portal',
    ...person,
  });
  client.close();
  // Nobody asked for a resource.
  assertSame('idporten', tokens.accessToken, { ours: ['aud'] });
  // The names of a person are there with some electronic ids only; a session where the client wants it.
  const { claims } = parseJwt(tokens.idToken);
  const names = ['name', 'given_name', 'family_name'].filter((name) => name in claims);
  assertSame('idporten-id-token', tokens.idToken, { theirs: names });
});

test('sides-agree: tokens of Entra ID have the claims that applications are tested with (5.1)', async () => {
  const { client, tokens } = await signIn({
    kind: 'entra',
    issuer: issuers.entra,
    clientId: DESK,
    hint: 'testid:Z990001',
    scope: `openid offline_access ${DESK}/.default`,
  });
  client.close();
  // Both are opaque, and documented as such.
  const opaque = { theirs: ['aio', 'rh'] };
  assertSame('entra-user', tokens.accessToken, opaque);
  assertSame('entra-id-token', tokens.idToken, opaque);
  const clientAssertion = await signClientAssertion({ key, clientId: DESK, audience: issuers.entra, now: now() });
  const url = `${issuers.entra.replace(/\/v2\.0$/, '')}/oauth2/v2.0/token`;
  const form = entraMachineForm({ clientId: DESK, clientAssertion }, `${API}/.default`);
  const machine = await tokenEndpoint(url).request(() => Promise.resolve(form), { forUser: false });
  assertSame('entra-machine', machine.accessToken, opaque);
});

test('sides-agree: tokens of Maskinporten have the claims that applications are tested with (5.1)', async () => {
  const assertion = await signClientAssertion({
    key,
    clientId: 'feed',
    audience: issuers.maskinporten,
    now: now(),
    claims: maskinportenGrantClaims({ scope: 'demo:feed/read' }),
    omitSubject: true,
  });
  const endpoint = tokenEndpoint(`${issuers.maskinporten}token`);
  const form = (): Promise<Readonly<Record<string, string>>> => Promise.resolve(maskinportenForm(assertion));
  const { accessToken } = await endpoint.request(form, { forUser: false });
  assertSame('maskinporten', accessToken);
});

test('sides-agree: tokens of TokenX have the claims that applications are tested with (5.1)', async () => {
  const { world, ask } = machines;
  const subject = await world.subject({ claims: { pid: '01819090285', auth_time: world.clock.now - 60 } });
  const user = await world.exchange({ subject_token: subject });
  // Copied from the token of the user, where that has it.
  assertSame('tokenx', user.body['access_token'], { theirs: ['sid'] }, world.clock.now);
  // Where the rule of the caller grants some.
  assertSame('tokenx-machine', (await ask('batch')).body['access_token'], { theirs: ['scope'] }, world.clock.now);
});
