import { readdirSync } from 'node:fs';

/** `npm run bench -- <name> [--quick]`: runs one benchmark, or lists them. */
const files = readdirSync(new URL('../bench', import.meta.url));
const names = files.flatMap((file) => (file.endsWith('.ts') ? [file.slice(0, -3)] : []));
const [name = ''] = process.argv.slice(2);

if (names.includes(name)) {
  process.argv.splice(2, 1);
  await import(new URL(`../bench/${name}.ts`, import.meta.url).href);
} else {
  console.error(`npm run bench -- <name> [--quick], where <name> is one of: ${names.join(', ')}`);
  process.exitCode = 2;
}
