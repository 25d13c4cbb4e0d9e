import { z } from 'zod';
import type { Route } from '../../web/router.ts';
import { bodyOf, route } from './context.ts';
import type { ControlContext } from './context.ts';
import { parse } from './problem.ts';

const order = z.strictObject({ keep: z.array(z.enum(['keys', 'people'])).default([]) });

/** `POST /v1/reset`: back to how everything was at the start, but for what is kept. */
export function resetRoutes({ stage, services }: ControlContext): readonly Route[] {
  return [
    route('POST', '/v1/reset', async (request) => {
      const { keep } = parse(order, await bodyOf(request));
      stage.faults.clear();
      stage.clocks.reset();
      stage.clients.reset();
      stage.journal.clear();
      if (!keep.includes('people')) stage.people.reset();
      for (const { realm } of services) {
        realm.memory.clear();
        if (!keep.includes('keys')) realm.keys.reset();
      }
      await stage.era.next();
      return { kept: keep };
    }),
  ];
}
