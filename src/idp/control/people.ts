import { isJsonObject } from '../../oauth/objects.ts';
import type { HttpRequest } from '../../web/http.ts';
import type { Route } from '../../web/router.ts';
import { parsePerson } from '../people/person.ts';
import type { Person } from '../people/person.ts';
import { bodyOf, making, removing, route } from './context.ts';
import type { ControlContext, Params } from './context.ts';
import { ControlProblem } from './problem.ts';

/** `/v1/people`: who can sign in. Changes live in memory and outlast a changed file; the file is never written. */
export function peopleRoutes(context: ControlContext): readonly Route[] {
  const { people } = context.stage;
  const byPid = (pid: string | undefined): Person => {
    const found = people.all().find((person) => person.pid === pid);
    if (found === undefined) throw new ControlProblem('not_found', 'nobody on the list has this pid');
    return found;
  };
  return [
    route('GET', '/v1/people', () => ({ people: people.all().map(showPerson) })),
    making('/v1/people', async (request) => {
      const person = read(await bodyOf(request));
      if (people.all().some(({ pid }) => pid === person.pid)) {
        throw new ControlProblem('conflict', 'somebody on the list has this pid', 'pid');
      }
      people.put(person);
      return showPerson(person);
    }),
    route('GET', '/v1/people/:pid', (_request, { pid }) => showPerson(byPid(pid))),
    route('PUT', '/v1/people/:pid', (request, params) => replace(context, request, params)),
    removing('/v1/people/:pid', (_request, { pid }) => people.remove(byPid(pid).pid)),
  ];
}

async function replace({ stage }: ControlContext, request: HttpRequest, { pid }: Params): Promise<unknown> {
  const body = await bodyOf(request);
  const person = read(isJsonObject(body) ? { pid, ...body } : body);
  if (person.pid !== pid) throw new ControlProblem('unprocessable', 'pid: not the one in the path', 'pid');
  stage.people.put(person);
  return showPerson(person);
}

function read(value: unknown): Person {
  const person = parsePerson(value);
  if (typeof person !== 'string') return person;
  // A problem begins with the field it is about.
  const [path = ''] = person.split(':', 1);
  throw new ControlProblem('unprocessable', person, path === 'entry' ? '' : path);
}

/** As the entry of `people.yaml` that it is. */
function showPerson({ given, family, employee, claims, ...person }: Person): unknown {
  const { preferredUsername, ...work } = employee ?? { preferredUsername: undefined };
  return {
    ...person,
    ...claims,
    name: { given, family },
    ...(employee === undefined ? {} : { employee: { ...work, preferred_username: preferredUsername } }),
  };
}
