import { parseStrictJson, StrictJsonError } from '../../oauth/strict-json.ts';
import { parseQuery } from '../../web/forms.ts';
import type { HttpRequest, HttpResponse } from '../../web/http.ts';
import { json } from '../../web/http.ts';
import type { Route } from '../../web/router.ts';
import type { Service, Stage } from '../stage.ts';
import { ControlProblem } from './problem.ts';

/** What the resources work on. */
export interface ControlContext {
  readonly stage: Stage;
  readonly services: readonly Service[];
}

/** Names and values in the path of a request. */
export type Params = Readonly<Record<string, string>>;

/** One line of a resource's table: what it answers is the JSON body, with 200. */
export function route(
  method: Route['method'],
  path: string,
  run: (request: HttpRequest, params: Params) => unknown,
): Route {
  return { method, path, handle: async (request, params) => answer(200, await run(request, params)) };
}

/** As {@link route}, for what makes something: 201. */
export function making(path: string, run: (request: HttpRequest, params: Params) => unknown): Route {
  return { method: 'POST', path, handle: async (request, params) => answer(201, await run(request, params)) };
}

/** As {@link route}, for what leaves nothing to tell: 204. */
export function removing(path: string, run: (request: HttpRequest, params: Params) => unknown): Route {
  return {
    method: 'DELETE',
    path,
    handle: async (request, params) => {
      await run(request, params);
      return { status: 204, headers: { 'Cache-Control': 'no-store' } };
    },
  };
}

/** A JSON answer; nothing of this API is ever stored. */
export function answer(status: number, value: unknown): HttpResponse {
  return json(status, value, { 'Cache-Control': 'no-store' });
}

/** The running persona of this name. Throws ControlProblem. */
export function serviceOf({ services }: ControlContext, name: string | undefined): Service {
  const service = services.find((each) => each.name === name);
  if (service !== undefined) return service;
  throw new ControlProblem('not_found', `no persona ${name ?? ''} is running here`, 'persona');
}

/** The body as JSON that can be understood in one way only; an empty one is an empty object. Throws ControlProblem. */
export async function bodyOf(request: HttpRequest): Promise<unknown> {
  const bytes = await request.body(MAX_BODY_BYTES);
  if (bytes.toString('latin1').trim() === '') return {};
  try {
    return parseStrictJson(bytes);
  } catch (error) {
    if (!(error instanceof StrictJsonError)) throw error;
    throw new ControlProblem('invalid_request', `the body: ${error.message}`);
  }
}

/** Parameters of the query; those that are not there are undefined. Throws ControlProblem for one that is not among `names`, which would else be a filter that lets everything through. */
export function queryOf<Name extends string>(
  request: HttpRequest,
  names: readonly Name[],
): Readonly<Partial<Record<Name, string>>> {
  const parsed = parseQuery(request.query);
  if (!parsed.ok) throw new ControlProblem('invalid_request', 'the query cannot be read');
  const { form } = parsed;
  const [twice] = form.duplicates;
  if (twice !== undefined) throw new ControlProblem('unprocessable', `${twice}: stands there twice`, twice);
  const stranger = form.names.find((name) => names.every((each) => each !== name));
  if (stranger !== undefined) throw new ControlProblem('unprocessable', `${stranger}: no such parameter`, stranger);
  const found: Partial<Record<Name, string>> = {};
  for (const name of names) {
    const value = form.get(name);
    if (value !== undefined) found[name] = value;
  }
  return found;
}

const MAX_BODY_BYTES = 64 * 1024;
