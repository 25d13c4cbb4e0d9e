import { boolean, integer, list, oneOf, text } from '../settings.ts';
import type { SettingsTable } from '../settings.ts';

/** The settings of the registrar. */
export interface RegistrarConfig {
  /** The folder of manifests, absolute. */
  readonly dir: string;
  /** What that folder is called in messages; its own name without it. */
  readonly label?: string;
  /** Registry, credentials and status live here, absolute. */
  readonly stateDir: string;
  readonly cluster: string;
  readonly wildcardGrants: 'network-only' | 'tokens';
  readonly naisIdentityMode: 'workload' | 'keys' | 'both';
  /** Tenants that manifests may name; empty = any. */
  readonly entraTenants: readonly string[];
  /** The tenant of apps that name none. */
  readonly entraTenant: string;
  readonly entraPasswords: boolean;
  /** Of new client keys at TokenX that only a sidecar signs with. */
  readonly tokenxKeyAlgorithm: 'RS256' | 'ES256';
  readonly rereadSeconds: number;
  /** Deletions that the guard held proceed, at the first read only. */
  readonly allowMassDelete: boolean;
  /** How long after the start the second key of each client is made, so that it takes nothing from the start. */
  readonly nextKeysAfterSeconds: number;
}

/** The table of them. */
export const registrarSettings: SettingsTable<RegistrarConfig> = {
  dir: text({ env: 'FULLMAKT_REGISTRAR_DIR', says: 'The folder of manifests.' }),
  label: text({
    env: 'FULLMAKT_REGISTRAR_LABEL',
    says: 'What the folder of manifests is called in messages.',
    shownDefault: 'the name of the folder',
    optional: true,
  }),
  stateDir: text({ env: 'FULLMAKT_REGISTRAR_STATE_DIR', says: 'Where registry, credentials and status are kept.' }),
  cluster: text({
    env: 'FULLMAKT_REGISTRAR_CLUSTER',
    says: 'The cluster part of every app id from this source.',
    fallback: 'local',
  }),
  wildcardGrants: oneOf(['network-only', 'tokens'])({
    env: 'FULLMAKT_REGISTRAR_WILDCARD_GRANTS',
    says: 'Whether inbound rules with * also grant TokenX tokens.',
    fallback: 'network-only',
  }),
  naisIdentityMode: oneOf(['workload', 'keys', 'both'])({
    env: 'FULLMAKT_REGISTRAR_NAIS_IDENTITY_MODE',
    says: 'How apps with pasted NAIS manifests prove who they are.',
    fallback: 'both',
  }),
  entraTenants: list({
    env: 'FULLMAKT_REGISTRAR_ENTRA_TENANTS',
    says: 'Tenants that manifests may name.',
    fallback: [],
    shownDefault: 'any',
  }),
  entraTenant: text({
    env: 'FULLMAKT_REGISTRAR_ENTRA_TENANT',
    says: 'The Entra ID tenant of apps that name none.',
    fallback: '00000000-0000-4000-8000-00000000f001',
  }),
  entraPasswords: boolean({
    env: 'FULLMAKT_REGISTRAR_ENTRA_PASSWORDS',
    says: 'Whether Entra ID clients get a client secret beside their key.',
    fallback: true,
  }),
  tokenxKeyAlgorithm: oneOf(['RS256', 'ES256'])({
    env: 'FULLMAKT_REGISTRAR_TOKENX_KEY_ALGORITHM',
    says: 'Algorithm of new client keys at TokenX, for apps that do not hold their keys themselves.',
    fallback: 'RS256',
  }),
  rereadSeconds: integer({
    env: 'FULLMAKT_REGISTRAR_REREAD_SECONDS',
    says: 'How often the folder is read again when no change was noticed.',
    fallback: 30,
  }),
  allowMassDelete: boolean({
    env: 'FULLMAKT_REGISTRAR_ALLOW_MASS_DELETE',
    says: 'Lets the first read remove many apps at once.',
    fallback: false,
  }),
  nextKeysAfterSeconds: integer({
    env: 'FULLMAKT_REGISTRAR_NEXT_KEYS_AFTER_SECONDS',
    says: 'How long after the start the next key of each client is made.',
    fallback: 5,
  }),
};
