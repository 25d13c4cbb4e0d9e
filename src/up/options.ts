import type { Environment } from '../settings.ts';
import type { UpConfig } from './settings.ts';

/** What to start the programs with. */
export interface ProgramOptions {
  /** The folder of manifests. */
  readonly dir: string;
  readonly stateDir: string;
  readonly env: Environment;
  readonly config: UpConfig;
  /** One line for the person at the terminal. */
  readonly notice: (line: string) => void;
}
