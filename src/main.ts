#!/usr/bin/env node
import module from 'node:module';

// Before anything of ours is loaded: the compiled form of what follows is kept between starts.
module.enableCompileCache();

const { endOnCrash } = await import('./cli/on-crash.ts');
endOnCrash();
const { runCommandLine } = await import('./cli/command-line.ts');
process.exitCode = await runCommandLine(process.argv.slice(2), process.env, process.cwd());
