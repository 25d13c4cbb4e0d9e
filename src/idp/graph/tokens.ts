import { randomBytes } from 'node:crypto';
import { hasMembers, keyOf, putJson, readJson } from '../engine/records.ts';
import { wholeSeconds } from '../journal.ts';
import type { Realm } from '../persona.ts';

/** What a token for Graph stands for. `pid` and `sub` are absent where an application calls for itself. */
export interface GraphGrant {
  readonly client: string;
  readonly tenant: string;
  readonly scopes: readonly string[];
  readonly grantId: string;
  readonly sid: string;
  readonly pid?: string;
  /** As in the ID token of the same sign-in (OpenID Connect Core 5.3.2). */
  readonly sub?: string;
}

const isGrant = hasMembers<GraphGrant>('client', 'tenant', 'scopes', 'grantId', 'sid');

/** A token that says nothing to anyone but our Graph. */
export async function makeGraphToken(realm: Realm, grant: GraphGrant, lifetimeSeconds: number): Promise<string> {
  const raw = `fmgraph.${randomBytes(32).toString('base64url')}`;
  await putJson(realm.memory, keyOf('graph', raw), grant, lifetimeSeconds);
  const { client, tenant, sub, scopes } = grant;
  const claims = {
    aud: 'graph',
    tid: tenant,
    azp: client,
    scp: scopes.join(' '),
    ...(sub === undefined ? {} : { sub }),
  };
  const time = wholeSeconds(realm.now);
  realm.journal.noteIssued({ persona: realm.persona.name, client, kind: 'access', time, header: {}, claims, raw });
  return raw;
}

/** What stands behind a token for Graph; undefined for one that has expired, and for any other text. */
export async function readGraphToken(realm: Realm, token: string): Promise<GraphGrant | undefined> {
  return (await readJson(realm.memory, keyOf('graph', token), isGrant))?.value;
}
