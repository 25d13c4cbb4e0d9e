import { readFileSync } from 'node:fs';
import { Agent } from 'undici';

/** A fetch that trusts the private CA of a local platform, for its https listeners. */
export function localFetch(caFile: string | undefined): typeof fetch {
  if (caFile === undefined) return fetch;
  const dispatcher = new Agent({ connect: { ca: readFileSync(caFile, 'utf8') } });
  return (input, init) => fetch(input, Object.assign({}, init, { dispatcher }));
}
