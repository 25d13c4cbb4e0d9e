/** What a document is read with. */
export interface ParseOptions {
  readonly cluster: string;
  /** The file as messages name it. */
  readonly file: string;
  /** Absolute: what relative paths of the manifest start from. */
  readonly folder: string;
  /** Namespace of documents that name none; undefined at the root. */
  readonly namespace: string | undefined;
  readonly naisIdentityMode: 'workload' | 'keys' | 'both';
  /** Tenants that may be named; empty = any. */
  readonly entraTenants: readonly string[];
  /** Prefix of the Maskinporten scopes of a namespace. */
  prefixOf(namespace: string): string;
}
