import { z } from 'zod';
import type { Route } from '../../web/router.ts';
import { MAX_SECONDS } from '../clients/fields.ts';
import type { ClockSetting } from '../clocks.ts';
import { bodyOf, queryOf, route, serviceOf } from './context.ts';
import type { ControlContext } from './context.ts';
import { ControlProblem, parse } from './problem.ts';

const setting = z.strictObject({
  offset: z.number().min(-MAX_SECONDS).max(MAX_SECONDS).optional(),
  frozen: z.iso.datetime({ offset: true }).optional(),
});

/** `/v1/clock`: moves or holds the clock of one persona or of all. TLS and the HTTP `Date` keep the machine's. */
export function clockRoutes(context: ControlContext): readonly Route[] {
  const persona = (name: string | undefined): string | undefined =>
    name === undefined ? undefined : serviceOf(context, name).name;
  return [
    route('GET', '/v1/clock', (request) => showClock(context, persona(queryOf(request, ['persona']).persona))),
    route('PUT', '/v1/clock', async (request) => {
      const name = persona(queryOf(request, ['persona']).persona);
      context.stage.clocks.set(read(await bodyOf(request)), name);
      return showClock(context, name);
    }),
  ];
}

/** How a clock is set, and what it shows; without a persona the one of all that have none of their own. */
export function showClock({ stage }: ControlContext, persona: string | undefined): unknown {
  const known = stage.clocks.setting(persona);
  const now = iso(stage.clocks.of(persona ?? '')());
  return 'frozen' in known ? { frozen: iso(known.frozen), now } : { offset: known.offset, now };
}

function read(body: unknown): ClockSetting {
  const { offset, frozen } = parse(setting, body);
  if (offset !== undefined && frozen !== undefined) {
    throw new ControlProblem('unprocessable', 'frozen: not together with offset', 'frozen');
  }
  if (frozen !== undefined) return { frozen: Date.parse(frozen) / 1000 };
  if (offset !== undefined) return { offset };
  throw new ControlProblem('unprocessable', 'offset: it or frozen is needed', 'offset');
}

function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
