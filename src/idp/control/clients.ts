import { isJsonObject } from '../../oauth/objects.ts';
import type { HttpRequest } from '../../web/http.ts';
import type { Route } from '../../web/router.ts';
import type { Client } from '../../registry/model.ts';
import type { Service } from '../stage.ts';
import { CLIENT_KINDS } from './client-kinds.ts';
import type { ShownClient } from './client-kind.ts';
import { bodyOf, making, removing, route, serviceOf } from './context.ts';
import type { ControlContext, Params } from './context.ts';
import { ControlProblem, unprocessable } from './problem.ts';

/** A client wherever it stands. */
interface Known extends ShownClient {
  readonly source: 'manifest' | 'file' | 'api';
}

/** `/v1/{persona}/clients`: all of them can be read, those of this API be changed. */
export function clientRoutes(context: ControlContext): readonly Route[] {
  const { clients } = context.stage;
  const one = '/v1/:persona/clients/:id';
  return [
    route('GET', '/v1/:persona/clients', (_request, { persona }) => {
      const service = serviceOf(context, persona);
      return { clients: allOf(context, service).map((known) => show(service, known)) };
    }),
    making('/v1/:persona/clients', (request, { persona }) => create(context, serviceOf(context, persona), request)),
    route('GET', one, (_request, { persona, id = '' }) => {
      const service = serviceOf(context, persona);
      return show(service, require(context, service, id));
    }),
    route('PUT', one, (request, params) => replace(context, request, params)),
    removing(one, (_request, { persona, id = '' }) => {
      const service = serviceOf(context, persona);
      requireOwn(context, service, id);
      clients.remove(service.name, id);
    }),
  ];
}

async function create(context: ControlContext, service: Service, request: HttpRequest): Promise<unknown> {
  const { read } = CLIENT_KINDS[service.name];
  const result = read(await bodyOf(request), { persona: service.name, source: 'api' });
  if (!result.ok) throw unprocessable(result.problems);
  const { client, once } = result;
  const there = find(context, service, client.id) ?? sameApp(service, client.row);
  if (there !== undefined) throw conflict(service, there, client.id);
  context.stage.clients.put(client);
  return { ...show(service, client), ...once };
}

async function replace(context: ControlContext, request: HttpRequest, { persona, id = '' }: Params): Promise<unknown> {
  const service = serviceOf(context, persona);
  requireOwn(context, service, id);
  const { clients } = context.stage;
  const { read, idName } = CLIENT_KINDS[service.name];
  const body = await bodyOf(request);
  const named = isJsonObject(body) ? { [idName]: id, ...body } : body;
  const result = read(named, { persona: service.name, source: 'api', before: clients.added(service.name, id) });
  if (!result.ok) throw unprocessable(result.problems);
  if (result.client.id !== id) throw unprocessable([{ path: idName, message: 'not the one in the path' }]);
  const there = sameApp(service, result.client.row);
  if (there?.row !== undefined && there.row.clientId !== id) throw conflict(service, there, id);
  clients.put(result.client);
  return { ...show(service, result.client), ...result.once };
}

function allOf(context: ControlContext, service: Service): readonly Known[] {
  const added = context.stage.clients.allAdded(service.name);
  const { realm } = service;
  const rows = [...realm.snapshot().clients(realm.persona.provider)];
  const declared = rows.filter((row) => added.every(({ id }) => id !== row.clientId));
  return [...declared.map((row): Known => ({ row, source: 'manifest' })), ...added];
}

function find(context: ControlContext, service: Service, id: string): Known | undefined {
  const row = service.realm.snapshot().client(service.realm.persona.provider, id);
  return context.stage.clients.added(service.name, id) ?? (row === undefined ? undefined : { row, source: 'manifest' });
}

/** Somebody else who counts as the same app: a display name that a manifest or another client has. */
function sameApp(service: Service, row: Client | undefined): Known | undefined {
  if (row === undefined) return undefined;
  const there = service.realm.snapshot().clientOf(row.app, row.provider);
  return there === undefined ? undefined : { row: there, source: 'manifest' };
}

function require(context: ControlContext, service: Service, id: string): Known {
  const found = find(context, service, id);
  if (found !== undefined) return found;
  throw new ControlProblem('not_found', `${service.name} has no client ${id}`);
}

function requireOwn(context: ControlContext, service: Service, id: string): void {
  const found = require(context, service, id);
  if (found.source !== 'api') throw conflict(service, found, id);
}

/** Says where the client stands, for there it can be changed. */
function conflict(service: Service, known: Known, id: string): ControlProblem {
  const client = known.row?.clientId ?? id;
  if (known.source === 'api') return new ControlProblem('conflict', `there is a client ${client} already`);
  const app = known.row === undefined ? undefined : service.realm.snapshot().app(known.row.app);
  const [position] = Object.values(app?.positions ?? {}).toSorted((a, b) => a.line - b.line);
  const where = position === undefined ? `a ${known.source}` : `${position.file}:${position.line}`;
  const name = known.row === undefined ? '' : ` (${known.row.app})`;
  return new ControlProblem(
    'conflict',
    `client ${client}${name} is declared in ${where} and can only be changed there`,
  );
}

function show(service: Service, known: Known): Readonly<Record<string, unknown>> {
  return { ...CLIENT_KINDS[service.name].show(known, service.realm.snapshot()), source: known.source };
}
