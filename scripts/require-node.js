// Plain JavaScript: it has to run on whatever Node the machine came with, and say what to do when that is too old.
const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  console.error(
    `Fullmakt runs on Node 24 or newer and found ${process.versions.node}. \`npm ci\` installs Node 26 as a package, ` +
      'but its install script did not run here. Cure: npm rebuild node --ignore-scripts=false',
  );
  process.exit(1);
}
