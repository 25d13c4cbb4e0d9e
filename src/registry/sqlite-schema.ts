/** The number of the newest migration. */
export const SCHEMA_VERSION = 2;

/** The tables. Structured values are JSON; times are seconds since the epoch; private parts are sealed before they come here. */
export const SCHEMA: string = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE apps (
  id TEXT PRIMARY KEY, uid TEXT NOT NULL, generation INTEGER NOT NULL, hash TEXT NOT NULL, state TEXT NOT NULL,
  kind TEXT NOT NULL, spec TEXT NOT NULL, positions TEXT, created_at REAL NOT NULL, updated_at REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE clients (
  app TEXT NOT NULL, provider TEXT NOT NULL, external_id TEXT NOT NULL, state TEXT NOT NULL, keys TEXT NOT NULL,
  registration TEXT NOT NULL, PRIMARY KEY (app, provider)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX clients_external ON clients (provider, external_id);
CREATE TABLE grants (target TEXT NOT NULL, place INTEGER NOT NULL, value TEXT NOT NULL, PRIMARY KEY (target, place))
  STRICT, WITHOUT ROWID;
CREATE TABLE scopes (name TEXT PRIMARY KEY, owner TEXT NOT NULL, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE keys (
  kid TEXT PRIMARY KEY, app TEXT NOT NULL, provider TEXT NOT NULL, kind TEXT NOT NULL, state TEXT NOT NULL,
  created_at REAL NOT NULL, value TEXT NOT NULL, private_enc BLOB
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX keys_one_current ON keys (app, provider, kind) WHERE state = 'current';
CREATE UNIQUE INDEX keys_one_next ON keys (app, provider, kind) WHERE state = 'next';
CREATE TABLE signing_sets (use TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE signing_keys (
  use TEXT NOT NULL, place INTEGER NOT NULL, value TEXT NOT NULL, private_enc BLOB NOT NULL, PRIMARY KEY (use, place)
) STRICT, WITHOUT ROWID;
CREATE TABLE audit (
  seq INTEGER PRIMARY KEY, at REAL NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, app TEXT, detail TEXT
) STRICT;
INSERT INTO meta VALUES ('generation', '0'), ('wildcardGrants', 'network-only');
PRAGMA user_version = 1;
`;

/** What the second version adds: TokenX's issuers, revocations and processes. The first version goes on running on it. */
export const SECOND: string = `
ALTER TABLE apps ADD COLUMN source TEXT;
CREATE TABLE issuers (name TEXT PRIMARY KEY, state TEXT NOT NULL, settings TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE deny_list (
  hash TEXT PRIMARY KEY, kind TEXT NOT NULL, not_before REAL NOT NULL, expires_at REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE replicas (
  id TEXT PRIMARY KEY, version INTEGER NOT NULL, key_version INTEGER NOT NULL, lease_until REAL NOT NULL
) STRICT, WITHOUT ROWID;
PRAGMA user_version = 2;
`;
