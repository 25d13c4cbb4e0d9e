import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { appId } from './app-id.ts';
import type { AppId } from './app-id.ts';
import { decide, describeFix } from './decide.ts';
import type { DecisionInput } from './decide.ts';
import type { App, AzureRegistration, Client, Grant, Snapshot, SourcePosition } from './model.ts';
import { createSnapshot } from './snapshot.ts';

const RULES = 'spec.accessPolicy.inbound.rules';
const ids: readonly AppId[] = [
  appId('local', 'a', 'one'),
  appId('local', 'a', 'two'),
  appId('local', 'b', 'one'),
  appId('local', 'b', 'three'),
  appId('other', 'a', 'one'),
  appId('local', 'c', 'four'),
];
const GROUP = '00000000-0000-4000-8000-0000000000e1';

function place(path: string, line = 3): SourcePosition {
  return { file: 'apps/x.yaml', line, column: 1, path };
}

function app(id: AppId, state: App['state'] = 'active'): App {
  const spec = {
    ingresses: [],
    port: 8080,
    upstream: { host: '127.0.0.1', port: 8080 },
    identity: { mode: 'workload', serviceAccount: 'x' },
    tokenx: { token: {}, subjectIssuers: ['idporten'] },
    inbound: [],
    outbound: [],
  } as const;
  const positions = { spec: place('spec', 4), [RULES]: place(RULES, 18) };
  return { id, uid: id, generation: 1, hash: 'h', state, kind: 'Application', spec, positions };
}

function tokenx(id: AppId, state: Client['state'] = 'ready'): Client {
  return {
    app: id,
    provider: 'tokenx',
    clientId: id,
    state,
    keys: [],
    registration: { provider: 'tokenx', token: {} },
  };
}

function azure(id: AppId, more: Partial<AzureRegistration> = {}): Client {
  const registration: AzureRegistration = {
    provider: 'azure',
    displayName: id,
    servicePrincipalId: 's',
    identifierUris: [],
    redirectUris: [],
    allowAllUsers: false,
    groups: [],
    secretHashes: [],
    ...more,
  };
  return { app: id, provider: 'azure', clientId: `c-${id}`, state: 'ready', keys: [], registration };
}

function rule(target: AppId, consumer: string, more: Partial<Grant> = {}): Grant {
  const [cluster = '', namespace = '', name = ''] = consumer.split(':');
  const position = place(`${RULES}[0]`, 20);
  return { target, consumer: { cluster, namespace, name }, roles: [], scopes: [], position, ...more };
}

interface World {
  readonly apps?: readonly App[];
  readonly clients?: readonly Client[];
  readonly grants?: readonly Grant[];
  readonly wildcardGrants?: 'network-only' | 'tokens';
}

function world(parts: World): Snapshot {
  const apps = parts.apps ?? ids.map((id) => app(id));
  const clients = parts.clients ?? ids.flatMap((id) => [tokenx(id), azure(id)]);
  const { grants = [], wildcardGrants = 'network-only' } = parts;
  return createSnapshot({ version: 1, wildcardGrants, apps, clients, grants, scopes: [] });
}

const [one, two, bOne] = [ids[0] as AppId, ids[1] as AppId, ids[2] as AppId];
const ask = (more: Partial<DecisionInput> = {}): DecisionInput => ({
  consumer: one,
  target: two,
  provider: 'tokenx',
  flow: 'exchange',
  ...more,
});
const reasonOf = (input: DecisionInput, snapshot: Snapshot): string => {
  const decision = decide(input, snapshot);
  return decision.allow ? 'allow' : decision.reason;
};

test('the first failing step decides (manifest.md section 7)', () => {
  const grants = [rule(two, one)];
  const cases: readonly [string, DecisionInput, World][] = [
    ['allow', ask(), { grants }],
    ['target-unknown', ask({ target: 'local:a:absent', consumer: 'local:a:gone' }), { grants }],
    ['target-disabled', ask(), { grants, apps: [app(two, 'disabled'), app(one, 'disabled')] }],
    ['target-disabled', ask(), { grants, apps: [app(two, 'deleting'), app(one)] }],
    ['target-provider-off', ask(), { grants, clients: [tokenx(one)] }],
    ['target-provider-off', ask(), { grants, clients: [tokenx(one), tokenx(two, 'disabled')] }],
    ['consumer-unknown', ask({ consumer: 'local:a:gone' }), { grants }],
    ['consumer-disabled', ask(), { grants, apps: [app(two), app(one, 'disabled')] }],
    ['consumer-provider-off', ask(), { grants, clients: [tokenx(two)] }],
    ['no-rule', ask(), {}],
    ['no-rule', ask({ target: one }), {}],
    ['allow', ask({ target: one }), { grants: [rule(one, one)] }],
    ['no-rule', ask({ target: one }), { grants: [rule(one, 'local:a:*')], wildcardGrants: 'tokens' }],
    ['allow', ask({ target: one, provider: 'azure', flow: 'client_credentials' }), {}],
    ['wildcard-network-only', ask(), { grants: [rule(two, 'local:*:*')] }],
    ['allow', ask(), { grants: [rule(two, 'local:*:*')], wildcardGrants: 'tokens' }],
    ['no-rule', ask(), { grants: [rule(two, 'other:*:*')], wildcardGrants: 'tokens' }],
    [
      'wildcard-network-only',
      ask({ provider: 'azure', flow: 'client_credentials' }),
      { grants: [rule(two, 'local:a:*')], wildcardGrants: 'tokens' },
    ],
    ['user-not-in-groups', ask({ provider: 'azure', flow: 'obo', userGroups: [GROUP] }), { grants }],
    ['user-not-in-groups', ask({ provider: 'azure', flow: 'login', consumer: two }), {}],
  ];
  for (const [expected, input, parts] of cases) assert.equal(reasonOf(input, world(parts)), expected);
});

test('Entra: the user gate is the group list or allowAllUsers, and only listed groups are told', () => {
  const grants = [rule(two, one)];
  const gated = world({ grants, clients: [azure(one), azure(two, { groups: [GROUP] })] });
  const input = ask({ provider: 'azure', flow: 'obo', userGroups: ['x', GROUP] });
  assert.deepEqual(decide(input, gated), {
    allow: true,
    rules: [place(`${RULES}[0]`, 20)],
    roles: ['access_as_application'],
    scopes: ['defaultaccess'],
    groups: [GROUP],
    issuers: ['idporten'],
  });
  assert.equal(reasonOf(ask({ provider: 'azure', flow: 'obo', userGroups: ['x'] }), gated), 'user-not-in-groups');
  const open = world({ grants, clients: [azure(one), azure(two, { allowAllUsers: true })] });
  assert.equal(reasonOf(ask({ provider: 'azure', flow: 'obo' }), open), 'allow');
});

test('Entra: only apps of one tenant see each other', () => {
  const clients = [azure(one, { tenant: 't1' }), azure(two, { tenant: 't2' })];
  const input = ask({ provider: 'azure', flow: 'client_credentials' });
  assert.equal(reasonOf(input, world({ clients, grants: [rule(two, one)] })), 'target-unknown');
});

test('permissions are the union over all matching rules', () => {
  const grants = [rule(two, one, { roles: ['a'], scopes: ['s'] }), rule(two, 'local:*:*', { roles: ['a', 'b'] })];
  const decision = decide(ask(), world({ grants, wildcardGrants: 'tokens' }));
  assert.ok(decision.allow);
  assert.deepEqual(decision.roles, ['a', 'b']);
  assert.deepEqual(decision.scopes, ['s']);
  assert.equal(decision.rules.length, 2);
});

function fixOf(input: DecisionInput, parts: World): string | undefined {
  const decision = decide(input, world(parts));
  return decision.allow || decision.fix === undefined ? undefined : describeFix(decision.fix);
}

test('a refusal names the lines that would allow it', () => {
  assert.equal(fixOf(ask(), {}), `add \`- application: one\` under ${RULES} in apps/x.yaml:18`);
  assert.equal(
    fixOf(ask({ consumer: bOne }), {}),
    `add \`- {application: one, namespace: b}\` under ${RULES} in apps/x.yaml:18`,
  );
  assert.equal(fixOf(ask(), { clients: [tokenx(one)] }), 'add `enabled: true` under spec.tokenx in apps/x.yaml:4');
  assert.equal(
    fixOf(ask({ provider: 'azure', flow: 'obo', userGroups: [GROUP] }), { grants: [rule(two, one)] }),
    `add \`- id: ${GROUP}\` under spec.azure.application.claims.groups in apps/x.yaml:4`,
  );
  assert.equal(fixOf(ask({ target: 'local:a:absent' }), {}), undefined);
});

/** The same question answered another way: by regular expressions over whole ids. */
function oracle(input: DecisionInput, parts: Required<World>): boolean {
  const on = (id: string): boolean =>
    parts.apps.some((found) => found.id === id && found.state === 'active') &&
    parts.clients.some((found) => found.app === id && found.provider === input.provider && found.state !== 'disabled');
  if (!on(input.target) || !on(input.consumer)) return false;
  const ruled = parts.grants.some(({ target, consumer }) => {
    const text = `${consumer.cluster}:${consumer.namespace}:${consumer.name}`;
    const star = text.includes('*');
    if (star && (input.provider === 'azure' || parts.wildcardGrants !== 'tokens')) return false;
    if (star && input.consumer === input.target) return false;
    return target === input.target && new RegExp(`^${text.replaceAll('*', '[^:]+')}$`).test(input.consumer);
  });
  return ruled || (input.provider === 'azure' && input.consumer === input.target);
}

test('agrees with an independent oracle on every pair of six apps, for any rules and states', () => {
  const patterns = [...ids, 'local:a:*', 'local:*:one', 'local:*:*', 'other:*:*'];
  const grantsOf = fc.array(fc.tuple(fc.constantFrom(...ids), fc.constantFrom(...patterns)), { maxLength: 8 });
  const states = fc.array(fc.constantFrom<App['state']>('active', 'active', 'disabled'), {
    minLength: 6,
    maxLength: 6,
  });
  const property = fc.property(
    grantsOf,
    states,
    fc.subarray([...ids]),
    fc.constantFrom<'network-only' | 'tokens'>('network-only', 'tokens'),
    (rules, appStates, withClients, wildcardGrants) => {
      const parts = {
        apps: ids.map((id, index) => app(id, appStates[index])),
        clients: withClients.flatMap((id) => [tokenx(id), azure(id, { allowAllUsers: true })]),
        grants: rules.map(([target, consumer]) => rule(target, consumer)),
        wildcardGrants,
      };
      const snapshot = world(parts);
      for (const target of ids) {
        for (const consumer of ids) {
          for (const provider of ['tokenx', 'azure'] as const) {
            const flow = provider === 'azure' ? 'obo' : 'exchange';
            const input: DecisionInput = { consumer, target, provider, flow };
            assert.equal(decide(input, snapshot).allow, oracle(input, parts), JSON.stringify(input));
          }
        }
      }
    },
  );
  fc.assert(property, { numRuns: 60 });
});
