import { once } from 'node:events';
import { keepProcessSmall } from '../../src/cli/small-process.ts';
import { reportUsage } from './child.ts';

// As `fullmakt idp` does, before the program is loaded.
keepProcessSmall();
const message = once(process, 'message');
const { serveOurs } = await import('./our-server.ts');
const [task] = await message;
reportUsage(await serveOurs(task));
