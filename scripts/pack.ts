/** `npm run pack`: makes both packages, has them judged, packs them into `dist/*.tgz`, and says how big they are and what is in them. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { billOfMaterials } from './build/bill.ts';
import { COMMAND, ROOT, SDK } from './build/place.ts';

const KIB = 1024;
const bin = (name: string): string => `${ROOT}node_modules/.bin/${name}`;

function run(program: string, args: readonly string[], cwd: string = ROOT): string {
  return execFileSync(program, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

function packed(folder: string): Packed {
  const [only] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', `${ROOT}dist`], folder));
  return only;
}

function kib(bytes: number): string {
  return `${(bytes / KIB).toFixed(1)} KiB`;
}

run(process.execPath, [`${ROOT}scripts/build.ts`]);
console.log(run(bin('publint'), ['run', SDK, '--strict']));
console.log(run(bin('attw'), ['--pack', SDK, '--profile', 'esm-only', '--format', 'table-flipped']));
console.log(run(bin('publint'), ['run', COMMAND]));
for (const folder of [SDK, COMMAND]) {
  const { filename, size, unpackedSize, files } = packed(folder);
  console.log(`dist/${filename}: ${kib(size)} packed, ${kib(unpackedSize)} unpacked, ${files.length} files`);
}
// What of the command was there at run time, for whoever has to know: CycloneDX.
const bill = billOfMaterials();
writeFileSync(`${ROOT}dist/fullmakt.cdx.json`, `${JSON.stringify(bill, null, 2)}\n`);
console.log(`dist/fullmakt.cdx.json: ${bill.components.length} components`);
