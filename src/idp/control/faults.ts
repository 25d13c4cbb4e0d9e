import { z } from 'zod';
import type { HttpRequest } from '../../web/http.ts';
import type { Route } from '../../web/router.ts';
import { FAULT_NAMES, parseFault } from '../faults.ts';
import type { FaultRule } from '../faults.ts';
import { ENDPOINT_NAMES } from '../request-note.ts';
import { bodyOf, making, removing, route } from './context.ts';
import type { ControlContext } from './context.ts';
import { ControlProblem, parse } from './problem.ts';

const order = z.strictObject({
  persona: z.string().min(1),
  client: z.string().min(1).optional(),
  endpoint: z.enum(ENDPOINT_NAMES).optional(),
  fault: z.string().min(1),
  times: z.number().int().min(0).max(1_000_000).default(1),
});

/** `/v1/faults`: what goes wrong on purpose, where, how often, and how often it has. */
export function faultRoutes(context: ControlContext): readonly Route[] {
  const { faults } = context.stage;
  const one = '/v1/faults/:id';
  const byId = (id: string | undefined): FaultRule => {
    const rule = faults.list().find((each) => each.id === id);
    if (rule === undefined) throw new ControlProblem('not_found', 'no such fault is switched on');
    return rule;
  };
  return [
    route('GET', '/v1/faults', () => ({ faults: faults.list().map(show) })),
    making('/v1/faults', (request) => add(context, request)),
    removing('/v1/faults', () => faults.clear()),
    route('GET', one, (_request, { id }) => show(byId(id))),
    route('DELETE', one, (_request, { id }) => {
      const rule = byId(id);
      faults.remove(rule.id);
      return show(rule);
    }),
  ];
}

async function add({ stage, services }: ControlContext, request: HttpRequest): Promise<unknown> {
  const { persona, client, endpoint, fault: named, times } = parse(order, await bodyOf(request));
  if (services.every(({ name }) => name !== persona)) {
    throw new ControlProblem('unprocessable', `persona: ${persona} is not running here`, 'persona');
  }
  const fault = parseFault(named);
  if (fault === undefined) {
    throw new ControlProblem('unprocessable', `fault: not one of ${FAULT_NAMES.join(', ')}, or a wrong value`, 'fault');
  }
  return show(stage.faults.add({ persona, client, endpoint, ...fault, times }));
}

function show({ fault, value, ...rule }: FaultRule): unknown {
  return { ...rule, fault: value === undefined ? fault : `${fault}:${value}` };
}
