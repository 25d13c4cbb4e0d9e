/** `npm run build`: makes the two packages that are published, in `dist/sdk` and `dist/fullmakt`. */
import { buildCommand } from './build/command.ts';
import { readManifest } from './build/place.ts';
import { buildSdk } from './build/sdk.ts';

const { version } = readManifest('package.json');
const parts: Readonly<Record<string, () => unknown>> = {
  sdk: () => buildSdk(version),
  fullmakt: () => buildCommand(version),
};
const [only] = process.argv.slice(2);
if (only !== undefined && !Object.hasOwn(parts, only)) {
  console.error(`npm run build [-- ${Object.keys(parts).join(' | ')}]: both without a name`);
  process.exitCode = 2;
} else {
  for (const [name, make] of Object.entries(parts)) {
    if (only !== undefined && only !== name) continue;
    await make();
    console.log(`dist/${name} is made (${version})`);
  }
}
