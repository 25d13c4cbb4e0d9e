import { OAuthError } from '../../oauth/errors.ts';
import { parseAppId } from '../../registry/app-id.ts';
import type { AppId } from '../../registry/app-id.ts';
import type { App } from '../../registry/model.ts';
import { mayWrite, sourceOfOperator } from '../../registry/owner.ts';
import { empty, json, plain } from '../../web/http.ts';
import type { HttpRequest, HttpResponse } from '../../web/http.ts';
import type { Route } from '../../web/router.ts';
import { AnsweredRefusal } from '../operators/answered-refusal.ts';
import type { ExchangeContext } from '../context.ts';
import { situationOf } from '../errors.ts';
import { OperatorRefused } from '../operators/operator-authentication.ts';
import { createOperatorEndpoint, readJsonBody } from '../operators/operator-endpoint.ts';
import type { OperatorRequest } from '../operators/operator-endpoint.ts';
import { mayTouch } from '../operators/operators.ts';
import type { Operator } from '../operators/operators.ts';
import { parseRegistration } from './registration-body.ts';
import { RegistrationFault, registrationRefusal } from './registration-errors.ts';
import { registrationChange, removalChange } from './registration-rows.ts';
import { claimStatement, statementRules } from './registration-statement.ts';
import { registeredView, viewOf } from './registration-view.ts';
import { writePlanned } from './registration-write.ts';
import { verifyStatement } from './software-statement.ts';

const HEADERS = { 'Cache-Control': 'no-store' };

/** Clients that operators register, read and take away (RFC 7591, RFC 7592 in the form of tokendings). Paths stand under `base`. */
export function registrationRoutes(context: ExchangeContext, base: string): readonly Route[] {
  const one = `${base}/registration/client/:id`;
  const all = `${base}/registration/client`;
  const on = (action: string, handle: (asked: OperatorRequest) => Promise<HttpResponse>): Route['handle'] =>
    createOperatorEndpoint(context, { right: 'register', action, handle: (asked) => answered(handle, asked) });
  return [
    { method: 'POST', path: all, handle: on('register', postClient) },
    { method: 'GET', path: all, handle: on('list-clients', listClients) },
    { method: 'GET', path: one, handle: on('read-client', readClient) },
    { method: 'DELETE', path: one, handle: on('remove-client', removeClient) },
  ];
}

/** All that is registered for the app is replaced. An unchanged registration writes nothing. */
async function postClient({ context, request, operator, about }: OperatorRequest): Promise<HttpResponse> {
  const { keys, grants, statement } = parseRegistration(await readBody(request));
  const { once, ...stated } = verifyStatement(statement, statementRules(context, operator));
  about(stated.app);
  requireCluster(context, operator, stated.app);
  const source = sourceOfOperator(operator.name);
  const registration = { ...stated, keys, grants };
  requireOwner(context.registry.snapshot().app(stated.app), operator);
  await claimStatement(context, operator, once);
  await writePlanned(context, (snapshot) => {
    const known = requireOwner(snapshot.app(stated.app), operator);
    return registrationChange(registration, { source, known });
  });
  return json(201, registeredView(registration, statement), HEADERS);
}

async function listClients({ context: { registry }, operator }: OperatorRequest): Promise<HttpResponse> {
  const snapshot = registry.snapshot();
  const source = sourceOfOperator(operator.name);
  const own = [...snapshot.apps()].filter((app) => app.source === source && mayTouch(operator, app.id));
  return json(
    200,
    own.map((app) => viewOf(app, snapshot)),
    HEADERS,
  );
}

async function readClient(asked: OperatorRequest): Promise<HttpResponse> {
  const { context, operator } = asked;
  const id = readId(asked);
  const snapshot = context.registry.snapshot();
  const app = requireOwner(snapshot.app(id), operator);
  if (app !== undefined) return json(200, viewOf(app, snapshot), HEADERS);
  const { headers, ...answer } = plain(404, `no client ${id} is registered here`);
  return { ...answer, headers: { ...headers, ...HEADERS } };
}

async function removeClient(asked: OperatorRequest): Promise<HttpResponse> {
  const { context, operator } = asked;
  const id = readId(asked);
  await writePlanned(context, (snapshot) => {
    const known = requireOwner(snapshot.app(id), operator);
    return known === undefined ? undefined : removalChange(id, sourceOfOperator(operator.name));
  });
  return empty(204, HEADERS);
}

/** The id in the path, if the operator may ask about it; whether there is such a client is told to nobody else. */
function readId({ params, operator, about }: OperatorRequest): AppId {
  const id = parseAppId(params['id'] ?? '');
  if (id !== undefined) about(id);
  if (id === undefined || !mayTouch(operator, id)) {
    throw new OperatorRefused(403, 'client-out-of-reach', operator.name);
  }
  return id;
}

/** The app, unless it is of another operator or of the manifests: those are never touched here. */
function requireOwner(app: App | undefined, operator: Operator): App | undefined {
  if (mayWrite(app, sourceOfOperator(operator.name))) return app;
  throw new OperatorRefused(403, 'client-of-another-owner', operator.name);
}

/** The app is one of those the operator may register. */
function requireCluster({ config }: ExchangeContext, operator: Operator, app: AppId): void {
  if (mayTouch(operator, app)) return;
  if (config.errors === 'rfc') throw new OperatorRefused(403, 'client-out-of-reach', operator.name);
  const clusters = [...new Set(operator.clients.map((pattern) => pattern.split(':')[0]))].join(', ');
  throw new RegistrationFault(
    'cluster-foreign',
    `${app} cannot be registered: this operator registers for ${clusters || 'no cluster'}`,
  );
}

async function readBody(request: HttpRequest): Promise<unknown> {
  try {
    return await readJsonBody(request);
  } catch (error) {
    if (!(error instanceof OAuthError) || situationOf(error) !== 'body-malformed') throw error;
    throw new RegistrationFault('registration-unreadable', error.description);
  }
}

async function answered(
  handle: (asked: OperatorRequest) => Promise<HttpResponse>,
  asked: OperatorRequest,
): Promise<HttpResponse> {
  try {
    return await handle(asked);
  } catch (error) {
    if (!(error instanceof RegistrationFault)) throw error;
    throw new AnsweredRefusal(error.situation, registrationRefusal(error, asked.context.config.errors));
  }
}
