import type { Route } from '../../web/router.ts';
import type { Service } from '../stage.ts';
import { showClock } from './clock.ts';
import { route } from './context.ts';
import type { ControlContext } from './context.ts';
import { showKeys } from './keys.ts';

/** `GET /v1/status`: what runs, where, with which keys and clocks, and how many faults are on. */
export function statusRoutes(context: ControlContext): readonly Route[] {
  return [route('GET', '/v1/status', () => status(context))];
}

function status(context: ControlContext): unknown {
  const { services, stage } = context;
  return {
    personas: services.map((service) => persona(context, service)),
    clock: showClock(context, undefined),
    faults: stage.faults.list().length,
  };
}

function persona(context: ControlContext, service: Service): unknown {
  const { name, issuer, listeners, realm } = service;
  return {
    name,
    issuer,
    ports: listeners.map((listener) => ({
      name: listener.name,
      host: listener.host,
      port: listener.port,
      scheme: listener.tls === undefined ? 'http' : 'https',
    })),
    keys: showKeys(realm.keys),
    clock: showClock(context, name),
    faults: context.stage.faults.list().filter((rule) => rule.persona === name).length,
  };
}
