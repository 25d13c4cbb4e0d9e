import { openDatabaseRegistry } from '../../src/registry/database-registry.ts';
import type { Database } from '../../src/registry/database.ts';
import { openPostgresDatabase } from '../../src/registry/postgres-database.ts';
import { openSqliteDatabase } from '../../src/registry/sqlite-database.ts';
import { commitTo, reachedBy } from '../servers/reach-registry.ts';
import { firstState, secondState } from './57-states.ts';

/** A process that applies one change and kills itself before statement n of it, as a crash would. Prints how many statements there were if it lived. */
const [, , place = '', dieAt = '0'] = process.argv;
let statements = -1;

const countedIn = (database: Database): Database => ({
  ...database,
  write: (step, patience) =>
    database.write(
      (sql) =>
        step((statement, ...values) => {
          if (statements >= 0) statements += 1;
          if (statements === Number(dieAt)) process.kill(process.pid, 'SIGKILL');
          return sql(statement, ...values);
        }),
      patience,
    ),
});
const registry = await reachedBy(async () => {
  const database = place.startsWith('postgres') ? await openPostgresDatabase(place) : openSqliteDatabase(place);
  return openDatabaseRegistry(countedIn(database), { now: () => Date.now() / 1000 });
});
if (registry.snapshot().version === 0) await commitTo(registry, 0, firstState());
const counted = {
  commit: (...asked: Parameters<typeof registry.commit>) => {
    statements = 0;
    return registry.commit(...asked);
  },
};
await commitTo(counted, registry.snapshot().version, secondState());
process.stdout.write(String(statements));
await registry.close();
