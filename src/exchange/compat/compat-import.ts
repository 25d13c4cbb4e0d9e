import * as z from 'zod';
import type { PublicJwk } from '../../oauth/jwk.ts';
import { isJsonObject } from '../../oauth/objects.ts';
import { parseAppId } from '../../registry/app-id.ts';
import type { AppId } from '../../registry/app-id.ts';
import type { RegistryChange } from '../../registry/contract.ts';
import type { Snapshot } from '../../registry/model.ts';
import { mayWrite } from '../../registry/owner.ts';
import type { Source } from '../../registry/owner.ts';
import { grantOfType } from '../request/grant.ts';
import { parseClientKeys } from '../registration/registration-keys.ts';
import { registrationChange } from '../registration/registration-rows.ts';
import type { Registration } from '../registration/registration-rows.ts';
import { shown } from '../shown.ts';
import { parsePolicy } from '../registration/software-statement-policy.ts';
import type { PolicyEntry } from '../registration/software-statement-policy.ts';

/** What an import would write, and what it leaves out. */
export interface LegacyImport {
  /** Undefined when everything is there already. */
  readonly change: RegistryChange | undefined;
  readonly written: readonly AppId[];
  readonly unchanged: readonly AppId[];
  readonly rejected: readonly Rejected[];
}

/** Something that was not taken over: a client, one of its keys, or an entry of its policy. */
export interface Rejected {
  readonly what: string;
  readonly reason: string;
}

/** Where it is written, and as whose. */
export interface ImportPlace {
  readonly snapshot: Snapshot;
  /** Who owns the client from now on, and may change it over the registration API. */
  readonly sourceOf: (app: AppId) => NonNullable<Source>;
}

const policy = z.looseObject({ clients: z.array(z.unknown()) }).nullish();
const entry = z.looseObject({
  clientId: z.string(),
  jwks: z.looseObject({ keys: z.array(z.unknown()) }),
  accessPolicyInbound: policy,
  accessPolicyOutbound: policy,
  allowedGrantTypes: z.array(z.string()).nullish(),
});
type LegacyClient = z.infer<typeof entry>;

/**
 * The clients that `GET /registration/client` of a tokendings server lists, as one change of the registry: keys, inbound lists
 * (an entry with `*` stays a pattern), outbound lists. Clients that are there as they should be are not written again, and
 * those that somebody else declared never. Pure. Throws an Error when it is no such list.
 */
export function importLegacy(list: unknown, place: ImportPlace): LegacyImport {
  if (!Array.isArray(list)) throw new Error('not a list of clients');
  const rejected: Rejected[] = [];
  const [written, unchanged]: [AppId[], AppId[]] = [[], []];
  const changes: RegistryChange[] = [];
  const seen = new Set<AppId>();
  for (const [index, value] of list.entries()) {
    const registration = readClient(value, `[${index}]`, rejected);
    if (registration === undefined) continue;
    const { app } = registration;
    const source = place.sourceOf(app);
    const known = place.snapshot.app(app);
    const reason = refusal(seen.has(app), mayWrite(known, source), known?.source);
    if (reason !== undefined) {
      rejected.push({ what: app, reason });
      continue;
    }
    seen.add(app);
    const change = registrationChange(registration, { source, known });
    (change === undefined ? unchanged : written).push(app);
    if (change !== undefined) changes.push(change);
  }
  return { change: changes.length === 0 ? undefined : together(changes), written, unchanged, rejected };
}

function refusal(isRepeated: boolean, isOurs: boolean, owner: Source): string | undefined {
  if (isRepeated) return 'stands in the list twice; the first counts';
  return isOurs ? undefined : `belongs to ${owner ?? 'a manifest'}`;
}

function readClient(value: unknown, place: string, rejected: Rejected[]): Registration | undefined {
  const parsed = entry.safeParse(value);
  if (!parsed.success) {
    const at = parsed.error.issues.map(({ path, message }) => `${path.map(String).join('.')}: ${message}`).join('; ');
    rejected.push({ what: nameOf(value) ?? place, reason: `not a client: ${at}` });
    return undefined;
  }
  const client = parsed.data;
  const app = parseAppId(client.clientId);
  if (app === undefined) {
    rejected.push({ what: shown(client.clientId), reason: 'not an app id (cluster:namespace:name)' });
    return undefined;
  }
  const keys = readKeys(app, client, rejected);
  if (keys.length > 0) return registrationOf(app, client, { keys, rejected });
  rejected.push({ what: app, reason: 'without a key that can be used' });
  return undefined;
}

function nameOf(value: unknown): string | undefined {
  const id = isJsonObject(value) ? value['clientId'] : undefined;
  return typeof id === 'string' ? shown(id) : undefined;
}

function registrationOf(
  app: AppId,
  { accessPolicyInbound, accessPolicyOutbound, allowedGrantTypes }: LegacyClient,
  { keys, rejected }: { readonly keys: readonly PublicJwk[]; readonly rejected: Rejected[] },
): Registration {
  const grants = (allowedGrantTypes ?? []).flatMap((type) => grantOfType(type) ?? []);
  const entries = (list: LegacyClient['accessPolicyInbound'], claim: string): readonly PolicyEntry[] => {
    const each = (list?.clients ?? []).flatMap((one) => tried(() => parsePolicy([one], claim), app, rejected));
    return parsePolicy(
      each.map(({ cluster, namespace, name }) => `${cluster}:${namespace}:${name}`),
      claim,
    );
  };
  return {
    app,
    keys,
    grants: grants.length === 0 ? ['token-exchange'] : grants,
    inbound: entries(accessPolicyInbound, 'accessPolicyInbound'),
    outbound: entries(accessPolicyOutbound, 'accessPolicyOutbound'),
  };
}

function readKeys(app: AppId, { jwks }: LegacyClient, rejected: Rejected[]): readonly PublicJwk[] {
  const kept: PublicJwk[] = [];
  for (const jwk of jwks.keys) {
    const [key] = tried(() => parseClientKeys([...kept, jwk]).slice(-1), app, rejected);
    if (key !== undefined) kept.push(key);
  }
  return kept;
}

/** What can be read; else nothing, and the reason on the list. */
function tried<T>(read: () => readonly T[], what: string, rejected: Rejected[]): readonly T[] {
  try {
    return read();
  } catch (error) {
    rejected.push({ what, reason: error instanceof Error ? error.message : String(error) });
    return [];
  }
}

function together(changes: readonly RegistryChange[]): RegistryChange {
  return {
    putApps: changes.flatMap(({ putApps }) => putApps ?? []),
    putClients: changes.flatMap(({ putClients }) => putClients ?? []),
    replaceGrants: changes.flatMap(({ replaceGrants }) => replaceGrants ?? []),
    audit: changes.flatMap(({ audit }) => audit ?? []),
  };
}
