import type { PublicJwk, VerificationKey } from '../../oauth/jwk.ts';
import type { AppId } from '../../registry/app-id.ts';
import { createClientKeys } from '../client/client-keys.ts';
import { openOperatorIssuer } from './operator-keys.ts';
import type { OperatorIssuer, OperatorKeyOptions } from './operator-keys.ts';
import type { OperatorRight, OperatorSettings } from './operator-settings.ts';

declare const proven: unique symbol;

/** Who administers, proven. Only {@link operatorOf} makes one. */
export interface Operator {
  readonly name: string;
  readonly rights: readonly OperatorRight[];
  /** `cluster:*` or `cluster:namespace:*`. */
  readonly clients: readonly string[];
  /** What its software statements are verified with, each key for one algorithm. */
  readonly statementKeys: readonly VerificationKey[];
  /** Somebody else vouches for it: its token is not signed by itself. */
  readonly vouchedFor: boolean;
  /** Whether its software statements may lack `aud`, `exp` and `jti`; undefined where its settings do not say. */
  readonly undatedStatements: boolean | undefined;
  readonly [proven]: true;
}

/** The configured operators. */
export interface Operators {
  readonly entries: readonly OperatorEntry[];
  close(): void;
}

/** One configured operator, with the keys of its tokens. */
export interface OperatorEntry {
  readonly settings: OperatorSettings;
  readonly issuer: OperatorIssuer;
  readonly statementKeys: readonly VerificationKey[];
}

/** Opens the keys of every operator. */
export function createOperators(rows: readonly OperatorSettings[], options: OperatorKeyOptions): Operators {
  const entries = rows.map((settings) => ({
    settings,
    issuer: openOperatorIssuer(settings, options),
    statementKeys: statementKeysOf(settings.statementKeys?.keys ?? []),
  }));
  return {
    entries,
    close() {
      for (const { issuer } of entries) issuer.keys.close();
    },
  };
}

/** Whether one of the operator's patterns covers the app. */
export function mayTouch({ clients }: Pick<Operator, 'clients'>, app: AppId): boolean {
  return clients.some((pattern) => app.startsWith(pattern.slice(0, -1)));
}

/** The operator of an entry, once a token was verified as its own. */
export function operatorOf({ settings, issuer, statementKeys }: OperatorEntry): Operator {
  const operator: Omit<Operator, typeof proven> = {
    name: settings.name,
    rights: settings.rights,
    clients: settings.clients ?? [],
    statementKeys,
    vouchedFor: !issuer.selfSigned && settings.jwks === undefined,
    undatedStatements: settings.undatedStatements,
  };
  // oxlint-disable-next-line typescript/consistent-type-assertions -- the brand exists in types only; this is its one source
  return operator as Operator;
}

function statementKeysOf(jwks: readonly PublicJwk[]): readonly VerificationKey[] {
  const keys = createClientKeys();
  return jwks.flatMap((jwk) => keys.importKey(jwk) ?? []);
}
