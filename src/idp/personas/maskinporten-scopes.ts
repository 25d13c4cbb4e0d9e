import { stringClaim } from '../../oauth/jwt.ts';
import type { MaskinportenScope } from '../../registry/model.ts';
import { isDelegated } from '../clients/delegations.ts';
import { Refusal } from '../engine/refusal.ts';
import { manifestFix } from './manifest-fix.ts';
import { clientOf, consumerOf, scopesOf } from './maskinporten-subject.ts';
import type { Subject } from './maskinporten-subject.ts';

/** Scopes of other services that clients have registered side by side with Maskinporten's. */
const OPENID_SCOPES = new Set(['openid', 'profile']);

/** Acting for another organisation: for another indeed, and by one mechanism. Throws `consumer-refused`. */
export function checkConsumer(subject: Subject): void {
  const { clientId: client, registration } = clientOf(subject);
  const consumer = stringClaim(subject.jwt.claims, 'consumer_org');
  if (consumer === undefined) return;
  if (stringClaim(subject.jwt.claims, 'iss_onbehalfof') !== undefined) {
    throw new Refusal('consumer-refused', { client, why: 'iss_onbehalfof stands beside it' });
  }
  if (consumer === registration.orgno) {
    throw new Refusal('consumer-refused', { client, why: "it is the client's own organisation" });
  }
}

/** Each scope is registered on the client, and one of Maskinporten's. Throws a Refusal. */
export function checkScopes(subject: Subject): void {
  const { snapshot } = subject;
  const { app, clientId: client, registration } = clientOf(subject);
  const scopes = scopesOf(subject);
  if (scopes.length === 0) throw new Refusal('scope-missing', { client });
  const foreign = scopes.find((scope) => !registration.scopes.includes(scope));
  if (foreign !== undefined) {
    const fix = { app, path: 'spec.maskinporten.scopes.consumes', add: `- name: ${foreign}` };
    throw new Refusal('scope-unknown', { scope: foreign, client }, manifestFix(snapshot, fix));
  }
  const elsewhere = scopes.find(
    (scope) =>
      OPENID_SCOPES.has(scope) || snapshot.scope(scope)?.allowedIntegrations?.includes('maskinporten') === false,
  );
  if (elsewhere !== undefined) throw new Refusal('scope-other-service', { scope: elsewhere, client });
}

/** The consumer has access to each scope, and delegated it when the client acts for it. Throws a Refusal. */
export function checkAccess(subject: Subject): void {
  for (const name of scopesOf(subject)) accessTo(subject, name);
  const { clientId: client, registration } = clientOf(subject);
  const consumer = consumerOf(subject);
  if (stringClaim(subject.jwt.claims, 'consumer_org') === undefined) return;
  const delegations = subject.call.realm.clients.delegations();
  for (const { name: scope, delegationSource } of grantedScopes(subject)) {
    const asked = { consumer, supplier: registration.orgno, scope };
    if (delegationSource === undefined || !isDelegated(delegations, asked)) {
      throw new Refusal('not-delegated', { ...asked, client });
    }
  }
}

/** A person may be named only where every scope allows it. Throws `pid-not-allowed`. */
export function checkPid(subject: Subject): void {
  if (stringClaim(subject.jwt.claims, 'pid') === undefined) return;
  const refused = grantedScopes(subject).find((scope) => scope.pidAllowed !== true);
  if (refused === undefined) return;
  throw new Refusal('pid-not-allowed', { scope: refused.name, client: clientOf(subject).clientId });
}

/** The rows of the scopes asked for; those that exist. */
export function grantedScopes(subject: Subject): readonly MaskinportenScope[] {
  return scopesOf(subject).flatMap((name) => subject.snapshot.scope(name) ?? []);
}

function accessTo(subject: Subject, name: string): void {
  const { snapshot } = subject;
  const scope = snapshot.scope(name);
  const consumer = consumerOf(subject);
  if (scope?.enabled === true && (scope.accessibleForAll || scope.consumers.includes(consumer))) return;
  const values = { scope: name, client: clientOf(subject).clientId };
  if (scope === undefined) throw new Refusal('scope-no-access', values);
  const add = scope.enabled ? `- orgno: "${consumer}"` : 'enabled: true';
  const path = `spec.maskinporten.scopes.exposes${scope.enabled ? '.consumers' : ''}`;
  throw new Refusal('scope-no-access', values, manifestFix(snapshot, { app: scope.owner, path, add }));
}
