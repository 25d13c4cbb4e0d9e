import assert from 'node:assert/strict';
import test from 'node:test';
import { protect as protectExpress } from '../express.ts';
import { protect as protectHono } from '../hono.ts';
import {
  allOf,
  anyOf,
  anyPrincipal,
  create,
  fromEnv,
  requireAcr,
  requireCaller,
  requireConsumer,
  requireMachine,
  requireRole,
  requireUser,
} from '../index.ts';
import type {
  Claims,
  EntraMachine,
  EntraUser,
  Guard,
  IdportenUser,
  IssuerConfig,
  MaskinportenMachine,
  OidcPrincipal,
  Principal,
  PrincipalOf,
  Provider,
  TokenxMachine,
  TokenxUser,
} from '../index.ts';
import { ENV } from '../testing/fixtures.ts';

type Same<A, B> = [A, B] extends [B, A] ? true : false;
type OidcUser = PrincipalOf<`oidc:${string}`, 'user', Claims>;
type Allowed<G> = G extends Guard<infer T> ? T : never;

/** Compiles only where the two are one type. */
function same<A, B>(..._proof: Same<A, B> extends true ? [] : [never]): void {}

/* The compiler judges this file: what it must refuse stands under an expected error, and that error missing is one. */

test('a guard narrows the principal to what it allows (5)', () => {
  const high = allOf(requireUser('tokenx'), requireAcr('high'));
  const either = anyOf(requireUser('tokenx'), requireUser('idporten'));
  const machine = allOf(requireMachine('entra_id'), requireRole('access_as_application'), requireCaller());
  const users = requireUser();
  const both = allOf(requireUser(), requireUser('tokenx'));
  const consumer = requireConsumer('310000019');
  same<Allowed<typeof high>, TokenxUser>();
  same<Allowed<typeof either>, TokenxUser | IdportenUser>();
  same<Allowed<typeof machine>, EntraMachine>();
  same<Allowed<typeof users>, EntraUser | TokenxUser | IdportenUser | OidcUser>();
  same<Allowed<typeof both>, TokenxUser>();
  same<Allowed<typeof consumer>, MaskinportenMachine>();
  same<Allowed<typeof anyPrincipal>, Principal>();
  const roles = requireRole('r');
  same<Allowed<typeof roles>, EntraUser | EntraMachine | TokenxMachine>();
  // @ts-expect-error -- two different types are told apart
  same<Allowed<typeof high>, IdportenUser>();
  // @ts-expect-error -- a guard for fewer is not one for more
  const wrong: Guard<IdportenUser> = high;
  assert.equal(typeof wrong, 'function');
});

test('a guard for a generic issuer allows its users or machines, and nothing of another provider (5)', () => {
  const mine = requireUser('oidc:mine');
  const job = requireMachine('oidc:jobs');
  const either = requireUser('tokenx', 'oidc:mine');
  const high = allOf(requireAcr('high'), requireUser('oidc:mine'));
  const machines = requireMachine();
  same<Allowed<typeof mine>, OidcUser>();
  same<Allowed<typeof job>, PrincipalOf<`oidc:${string}`, 'machine', Claims>>();
  same<Allowed<typeof either>, TokenxUser | OidcUser>();
  same<Allowed<typeof high>, OidcUser>();
  same<Allowed<typeof machines>['provider'], Exclude<Provider, 'idporten'>>();
  same<OidcPrincipal, PrincipalOf<`oidc:${string}`, 'user' | 'machine' | 'unknown', Claims>>();
  // @ts-expect-error -- a generic issuer's users are nobody else's
  same<Allowed<typeof mine>, TokenxUser>();
  assert.equal(mine.text, 'a user of oidc:mine');
});

test('no guard, no compile: authenticate and protect want one (5.2)', (t) => {
  const auth = fromEnv({ env: ENV });
  t.after(() => auth.close());
  // @ts-expect-error -- no guard
  const unguarded = (): unknown => auth.authenticate({ headers: {} });
  assert.equal(typeof unguarded, 'function');
  // @ts-expect-error -- no guard
  assert.throws(() => protectExpress(auth), /anyPrincipal/);
  // @ts-expect-error -- no guard
  assert.throws(() => protectHono(auth), /anyPrincipal/);
  // @ts-expect-error -- a function is no guard
  assert.throws(() => protectHono(auth, () => ({ ok: true })), /a guard is missing: .*call it/);
  // @ts-expect-error -- one guard is nothing to join
  assert.throws(() => allOf(anyPrincipal));
});

test('L6 audience: no audience, an empty list, or none without a scope does not compile, and does not start', () => {
  const base = {
    provider: 'oidc:x',
    issuer: 'https://op.example',
    keys: { jwksUri: 'https://op.example/jwks' },
  } as const;
  const env = {};
  // @ts-expect-error -- no audience
  assert.throws(() => create([base], { env }));
  // @ts-expect-error -- undefined is no audience
  assert.throws(() => create([{ ...base, audience: undefined }], { env }));
  // @ts-expect-error -- an empty list
  assert.throws(() => create([{ ...base, audience: [] }], { env }));
  // @ts-expect-error -- a text is no list
  assert.throws(() => create([{ ...base, audience: 'me' }], { env }));
  // @ts-expect-error -- no audience and no scope in its place
  assert.throws(() => create([{ ...base, audience: { audienceNotIssued: true } }], { env }));
  // @ts-expect-error -- no issuers
  assert.throws(() => create([], { env }));
  const good: IssuerConfig = { ...base, audience: { audienceNotIssued: true, requiredScope: 's' } };
  create([good], { env }).close();
});

test('arguments of guards that are not words of the contract do not compile', () => {
  // @ts-expect-error -- not a level
  assert.throws(() => requireAcr('level4'));
  // @ts-expect-error -- not a provider
  assert.throws(() => requireUser('azuread'));
  // @ts-expect-error -- an empty list
  assert.throws(() => requireRole({ any: [] }));
  // @ts-expect-error -- nobody
  assert.throws(() => requireConsumer());
});
