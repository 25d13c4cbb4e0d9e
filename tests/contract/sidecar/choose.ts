import type { Revision } from './case.ts';
import { childProcess } from './child-process.ts';
import { elsewhere } from './elsewhere.ts';
import type { Implementation } from './implementation.ts';
import { inProcess } from './in-process.ts';
import { makeKeys } from './keys.ts';
import { CaseFault, oneOf } from './shape.ts';

/** `REVISION`: which cases are run; those of this sidecar unless given. Throws CaseFault. */
export function chosenRevision(): Revision {
  return oneOf(process.env['REVISION'] ?? 'ours', 'REVISION', ['A', 'B', 'ours']);
}

/** `STAGE`: `S1` leaves out what the second stage adds. Throws CaseFault. */
export function chosenStage(): 'S1' | 'S2' {
  return oneOf(process.env['STAGE'] ?? 'S2', 'STAGE', ['S1', 'S2']);
}

/** `FAMILIES`: names of case files, separated by commas; all unless given. */
export function chosenFamilies(): { readonly families?: readonly string[] } {
  const names = process.env['FAMILIES'];
  return names === undefined ? {} : { families: names.split(',') };
}

/** `BASE_URL`: a sidecar that somebody else starts; `COMMAND`: one that is started here; neither: ours, in this process. Throws CaseFault. */
export async function chosenImplementation(): Promise<Implementation> {
  const { BASE_URL: baseUrl, COMMAND: command, PROVIDER_PORT: port, ENV_FILE: envFile } = process.env;
  const keys = await makeKeys();
  if (baseUrl === undefined) return command === undefined ? inProcess(keys) : childProcess(command.split(' '), keys);
  const providerPort = Number(port);
  if (!Number.isInteger(providerPort) || providerPort < 1)
    throw new CaseFault('PROVIDER_PORT has to be set beside BASE_URL');
  return await elsewhere(
    { baseUrl: baseUrl.endsWith('/') ? baseUrl.slice(0, -1) : baseUrl, providerPort, envFile },
    keys,
  );
}
