import { z } from 'zod';
import type { Route } from '../../web/router.ts';
import type { Authorization } from '../clients/authorizations.ts';
import type { ClientBook } from '../clients/book.ts';
import type { Delegation } from '../clients/delegations.ts';
import { digest } from '../digest.ts';
import { isSyntheticPid } from '../people/pid.ts';
import { orgno, text } from '../clients/fields.ts';
import { bodyOf, making, removing, route } from './context.ts';
import type { ControlContext } from './context.ts';
import { ControlProblem, parse } from './problem.ts';

const PERSON = 'urn:altinn:person:identifier-no:';
const organisation = z.strictObject({
  authority: z.literal('iso6523-actorid-upis'),
  ID: z.string().regex(/^0192:\d{9}$/, 'not 0192: and nine digits'),
});
/** What is shown may be sent back; it follows from the rest. */
const shownId = { id: z.string().optional() };
const systemUser = z.strictObject({
  type: z.literal('urn:altinn:systemuser'),
  systemuser_org: organisation,
  externalRef: text.optional(),
  systemuser_id: z.array(text).min(1),
  system_id: text,
  ...shownId,
});
const consent = z.strictObject({
  type: z.literal('urn:altinn:consent'),
  id: z.uuid(),
  from: z
    .string()
    .refine(
      (value) => value.startsWith(PERSON) && isSyntheticPid(value.slice(PERSON.length)),
      'not a synthetic person',
    ),
  to: text,
  consented: z.iso.datetime({ offset: true }),
  validTo: z.iso.datetime({ offset: true }),
  consentRights: z.array(
    z.strictObject({
      action: z.array(text).min(1),
      resource: z.array(z.strictObject({ type: text, value: text })).min(1),
      metadata: z.record(z.string(), z.string()).default({}),
    }),
  ),
});
const delegation = z.strictObject({
  type: z.literal('delegation'),
  scope: text,
  consumer: orgno,
  supplier: orgno,
  ...shownId,
});
const entry = z.discriminatedUnion('type', [systemUser, consent, delegation]);

type Entry = z.infer<typeof entry>;

/** `/v1/maskinporten/authorizations`: system users, consents and delegations, as Altinn would know them. */
export function authorizationRoutes({ stage, services }: ControlContext): readonly Route[] {
  if (services.every(({ name }) => name !== 'maskinporten')) return [];
  const { clients } = stage;
  const all = '/v1/maskinporten/authorizations';
  const one = `${all}/:id`;
  const byId = (id: string | undefined): Entry => {
    const found = entriesOf(clients).find((each) => idOf(each) === id);
    if (found === undefined) throw new ControlProblem('not_found', 'no such authorization');
    return found;
  };
  const put = (next: Entry, others: readonly Entry[]): unknown => {
    if (others.some((each) => idOf(each) === idOf(next))) {
      throw new ControlProblem('conflict', 'there is this authorization already');
    }
    keep(clients, [...others, next]);
    return show(next);
  };
  const without = (gone: Entry): readonly Entry[] => entriesOf(clients).filter((each) => idOf(each) !== idOf(gone));
  return [
    route('GET', all, () => ({ authorizations: entriesOf(clients).map(show) })),
    making(all, async (request) => put(parse(entry, await bodyOf(request)), entriesOf(clients))),
    route('GET', one, (_request, { id }) => show(byId(id))),
    route('PUT', one, async (request, { id }) => {
      byId(id);
      const next = parse(entry, await bodyOf(request));
      return put(next, without(byId(id)));
    }),
    removing(one, (_request, { id }) => keep(clients, without(byId(id)))),
  ];
}

function entriesOf(clients: ClientBook): readonly Entry[] {
  const known = clients.authorizations().map((each) => parse(entry, each));
  return [...known, ...clients.delegations().map((each) => ({ ...each, type: 'delegation' as const }))];
}

function keep(clients: ClientBook, entries: readonly Entry[]): void {
  const authorizations: Authorization[] = [];
  const delegations: Delegation[] = [];
  for (const each of entries) {
    if (each.type === 'delegation') {
      const { scope, consumer, supplier } = each;
      delegations.push({ scope, consumer, supplier });
    } else if (each.type === 'urn:altinn:consent') authorizations.push(each);
    else {
      const { externalRef, id: _id, ...rest } = each;
      authorizations.push(externalRef === undefined ? rest : { ...rest, externalRef });
    }
  }
  clients.putAuthorizations(authorizations);
  clients.putDelegations(delegations);
}

/** A consent has an id of its own; the others are named by what they are. */
function idOf(each: Entry): string {
  if (each.type === 'urn:altinn:consent') return each.id;
  const parts =
    each.type === 'delegation'
      ? [each.scope, each.consumer, each.supplier]
      : [each.systemuser_org.ID, each.externalRef ?? '', each.system_id];
  return digest(JSON.stringify(parts), 'hex').slice(0, 16);
}

function show(each: Entry): unknown {
  return { ...each, id: idOf(each) };
}
