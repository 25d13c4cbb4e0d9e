import { createHash, randomUUID } from 'node:crypto';
import type { PublicJwk } from '../../oauth/jwk.ts';
import type { AppId } from '../../registry/app-id.ts';
import { splitAppId } from '../../registry/app-id.ts';
import type { RegistryChange } from '../../registry/contract.ts';
import type {
  App,
  AppSpec,
  Client,
  Grant,
  InboundRule,
  OutboundRule,
  SourcePosition,
  TokenxGrant,
} from '../../registry/model.ts';
import type { Source } from '../../registry/owner.ts';
import type { PolicyEntry } from './software-statement-policy.ts';

/** One client as it is to be. */
export interface Registration {
  readonly app: AppId;
  readonly keys: readonly PublicJwk[];
  readonly grants: readonly TokenxGrant[];
  readonly inbound: readonly PolicyEntry[];
  /** Kept and told, never evaluated. */
  readonly outbound: readonly PolicyEntry[];
}

/**
 * The rows that replace all that is known of the app, in one change; undefined when they are there already. A new app gets a
 * new uid, so that nothing of an older one of its name is taken for its own.
 */
export function registrationChange(
  registration: Registration,
  { source, known }: { readonly source: NonNullable<Source>; readonly known: App | undefined },
): RegistryChange | undefined {
  const { app: id, keys, grants, inbound } = registration;
  const hash = hashOf(registration);
  if (known?.hash === hash && known.state === 'active') return undefined;
  const spec = specOf(registration, source);
  const generation = (known?.generation ?? 0) + 1;
  const uid = known?.uid ?? randomUUID();
  const app: App = { id, uid, generation, hash, state: 'active', source, kind: 'Registration', spec };
  const grantTypes = isDefault(grants) ? {} : { grantTypes: grants };
  const client: Client = {
    app: id,
    provider: 'tokenx',
    clientId: id,
    state: 'ready',
    keys,
    registration: { provider: 'tokenx', token: {}, ...grantTypes },
  };
  return {
    putApps: [app],
    putClients: [client],
    replaceGrants: [
      { target: id, grants: inbound.map((entry, place) => grantOf(id, entry, positionOf(source, place))) },
    ],
    audit: [{ actor: source, action: 'app.put', app: id, detail: { generation, hash } }],
  };
}

/** The rows that take an app away, with its client and its grants. Rules of others that name it stay. */
export function removalChange(id: AppId, source: NonNullable<Source>): RegistryChange {
  return { removeApps: [id], audit: [{ actor: source, action: 'app.removed', app: id }] };
}

function specOf({ app, grants, inbound, outbound }: Registration, source: NonNullable<Source>): AppSpec {
  const rule = ({ cluster, namespace, name }: PolicyEntry, place: number): OutboundRule => {
    return { cluster, namespace, application: name, position: positionOf(source, place) };
  };
  const inboundRule = (entry: PolicyEntry, place: number): InboundRule => {
    return { ...rule(entry, place), roles: [], scopes: [] };
  };
  return {
    ingresses: [],
    // Where it runs is its operator's business.
    port: 0,
    upstream: { host: '', port: 0 },
    identity: { mode: 'keys', serviceAccount: splitAppId(app).name },
    tokenx: { token: {}, ...(isDefault(grants) ? {} : { grantTypes: grants }) },
    inbound: inbound.map(inboundRule),
    outbound: outbound.map(rule),
  };
}

function grantOf(target: AppId, consumer: PolicyEntry, position: SourcePosition): Grant {
  return { target, consumer, roles: [], scopes: [], position };
}

/** Which entry of the list it was: there is no file, but whoever reads the record finds the list at the operator. */
function positionOf(source: string, place: number): SourcePosition {
  return { file: `registration API (${source})`, line: place + 1, column: 1, path: `accessPolicyInbound[${place}]` };
}

function isDefault(grants: readonly TokenxGrant[]): boolean {
  return grants.length === 1 && grants[0] === 'token-exchange';
}

/** Of everything a registration says, member by member. */
function hashOf({ keys, grants, inbound, outbound }: Registration): string {
  const members = keys.map((key) => Object.entries(key).toSorted(([one], [other]) => (one < other ? -1 : 1)));
  return createHash('sha256')
    .update(JSON.stringify([members, grants, inbound, outbound]))
    .digest('hex');
}
