import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { importLegacy } from '../exchange/compat/compat-import.ts';
import type { LegacyImport } from '../exchange/compat/compat-import.ts';
import { importLegacyKeys, writeLegacyKeys } from '../exchange/compat/compat-import-keys.ts';
import type { ImportedKeys } from '../exchange/compat/compat-import-keys.ts';
import { USE } from '../exchange/keys/key-loading.ts';
import { mayTouch } from '../exchange/operators/operators.ts';
import type { OperatorSettings } from '../exchange/operators/operator-settings.ts';
import { parseStrictJson } from '../oauth/strict-json.ts';
import type { AppId } from '../registry/app-id.ts';
import type { Registry } from '../registry/contract.ts';
import { sourceOfOperator } from '../registry/owner.ts';
import type { Source } from '../registry/owner.ts';
import { UpError } from '../up/state-folder.ts';
import type { ExchangeCommand } from './exchange-arguments.ts';

type ImportCommand = Extract<ExchangeCommand, { readonly action: 'import' }>;

/** What was, or with `--dry-run` would be, written. */
interface Told {
  readonly clients: LegacyImport & { readonly ownerless: readonly AppId[] };
  readonly keys: ImportedKeys | undefined;
}

const ATTEMPTS = 10;
/** Whose a client is that no operator may register, or several. */
const NOBODY = sourceOfOperator('import');

/**
 * `fullmakt exchange import`: clients, keys and rules of a tokendings server, and its public keys as retired ones. A client belongs to
 * the one operator that may register it, so that this operator can go on with it. Resolves with the text to print. Throws UpError
 * for files that cannot be read.
 */
export async function importClients(
  command: ImportCommand,
  registry: Registry,
  { operators, cwd }: { readonly operators: readonly OperatorSettings[]; readonly cwd: string },
): Promise<string> {
  const list = readJsonFile(resolve(cwd, command.clients));
  const jwks = command.keys === undefined ? undefined : readJsonFile(resolve(cwd, command.keys));
  const sourceOf = (app: AppId): NonNullable<Source> => ownerOf(app, operators);
  const clients = await asked(command.clients, () =>
    writeClients(registry, list, { sourceOf, dryRun: command.dryRun }),
  );
  const keys =
    jwks === undefined ? undefined : await asked(command.keys ?? '', () => writeKeys(registry, jwks, command.dryRun));
  const ownerless = [...clients.written, ...clients.unchanged].filter((app) => sourceOf(app) === NOBODY);
  const told: Told = { clients: { ...clients, ownerless }, keys };
  return command.json ? asJson(told) : describe(told, command.dryRun);
}

function ownerOf(app: AppId, operators: readonly OperatorSettings[]): NonNullable<Source> {
  const [owner, ...more] = operators.filter(
    ({ rights, clients = [] }) => rights.includes('register') && mayTouch({ clients }, app),
  );
  return owner === undefined || more.length > 0 ? NOBODY : sourceOfOperator(owner.name);
}

async function writeClients(
  registry: Registry,
  list: unknown,
  { sourceOf, dryRun }: { readonly sourceOf: (app: AppId) => NonNullable<Source>; readonly dryRun: boolean },
): Promise<LegacyImport> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const snapshot = registry.snapshot();
    const imported = importLegacy(list, { snapshot, sourceOf });
    if (imported.change === undefined || dryRun) return imported;
    // oxlint-disable-next-line no-await-in-loop -- each attempt goes by what the others wrote meanwhile
    if ((await registry.commit(snapshot.version, imported.change)) === 'ok') return imported;
  }
  throw new UpError('the registry is changed by others without end; try again');
}

async function writeKeys({ signingKeys }: Registry, jwks: unknown, dryRun: boolean): Promise<ImportedKeys> {
  return dryRun ? importLegacyKeys(jwks, await signingKeys.load(USE)) : await writeLegacyKeys(signingKeys, jwks);
}

function readJsonFile(file: string): unknown {
  try {
    return parseStrictJson(readFileSync(file));
  } catch (cause) {
    throw new UpError(`${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** What is wrong with a file as a whole is said with its name. */
async function asked<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof UpError || !(cause instanceof Error) || cause.constructor !== Error) throw cause;
    throw new UpError(`${file}: ${cause.message}`, { cause });
  }
}

function describe({ clients, keys }: Told, dryRun: boolean): string {
  const verb = dryRun ? 'would be written' : 'written';
  const lines = [
    `clients: ${clients.written.length} ${verb}, ${clients.unchanged.length} already there`,
    ...(keys === undefined ? [] : [`keys: ${keys.rows.length} ${verb}, ${keys.unchanged.length} already there`]),
    ...clients.ownerless.map(
      (app) => `without an owner: ${app}: not one operator may register it; no registrar can change it`,
    ),
    ...[...clients.rejected, ...(keys?.rejected ?? [])].map(({ what, reason }) => `rejected: ${what}: ${reason}`),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function asJson({ clients, keys }: Told): string {
  const { written, unchanged, ownerless, rejected } = clients;
  const told = {
    clients: { written, unchanged, ownerless, rejected },
    ...(keys && {
      keys: { written: keys.rows.map(({ kid }) => kid), unchanged: keys.unchanged, rejected: keys.rejected },
    }),
  };
  return `${JSON.stringify(told, null, 2)}\n`;
}
