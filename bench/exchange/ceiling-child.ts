// Measures cryptography alone, in a process that does nothing else.
import { once } from 'node:events';
import { createCeiling } from './ceiling.ts';
import type { CeilingTask } from './ceiling-process.ts';

const [task] = await once(process, 'message');
const { keys, mix, tokens }: CeilingTask = task;
const ceiling = createCeiling(keys, mix, tokens);
process.on('message', (turns) => process.send?.(ceiling.micros(Number(turns))));
process.send?.('ready');
