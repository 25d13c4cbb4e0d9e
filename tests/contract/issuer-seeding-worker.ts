import { seedIssuers } from '../../src/exchange/subject/issuer-rows.ts';
import { reachRegistry } from '../servers/reach-registry.ts';

/** One process of several that start at once on the database it is given. Prints what it then trusts, and at which version. */
const registry = await reachRegistry(process.argv[2] ?? '', { now: () => Date.now() / 1000 });
const names = ['a', 'b'];
await seedIssuers(
  registry,
  names.map((name) => ({ name, issuer: `https://${name}.example.test`, jwks: { keys: [] }, bind: 'any' })),
);
const snapshot = registry.snapshot();
process.stdout.write(`${snapshot.version} ${[...snapshot.issuers()].map(({ name }) => name).join(' ')}`);
await registry.close();
