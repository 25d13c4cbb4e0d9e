/** A login proxy in a process of its own, so that its memory can be told from the test's. Settings come from the environment. */
import { createLogin } from '../../src/login/app.ts';
import { readLoginConfig } from '../../src/login/config.ts';
import { silent } from '../../src/observe/events.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { Limits } from '../../src/web/limits.ts';
import { serve } from '../../src/web/serve.ts';

const now = (): number => Date.now() / 1000;
const read = readLoginConfig(process.env);
if (!read.ok) throw new Error(read.problems.join('; '));
const program = await createLogin(read.config, { store: createMemoryStore({ now }), fetch, now, emit: silent });
const [spec] = program.listeners;
if (spec === undefined) throw new Error('the proxy has no listener');
const limits: Partial<Limits> = JSON.parse(process.env['TEST_LIMITS'] ?? '{}');
const listener = await serve({ ...spec, limits: { ...spec.limits, ...limits } });
process.once('disconnect', () => {
  void listener.close(0).then(() => program.close());
});
process.send?.({ port: listener.port });
