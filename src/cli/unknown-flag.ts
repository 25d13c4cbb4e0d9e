import { nearestName } from '../settings/nearest-name.ts';

/** What is wrong with a flag that is no setting: the nearest one there is, or where all of them are told. */
export function unknownFlag(program: 'login' | 'sidecar', name: string, names: Iterable<string>): string {
  const near = nearestName(name, names);
  const hint = near === undefined ? '' : `; did you mean --${near}?`;
  return `--${name} is not a setting of this program${hint} (fullmakt ${program} --help)`;
}
