import { z } from 'zod';
import { isJsonObject } from '../../oauth/objects.ts';
import { isSyntheticPid } from './pid.ts';
import { GIVEN_CLAIMS, givenClaims } from './given-claims.ts';

/** What Entra ID knows about a person. */
interface Employee {
  readonly NAVident?: string | undefined;
  readonly preferredUsername: string;
  /** Domain or GUID of the tenant. */
  readonly tenant: string;
  readonly groups: readonly string[];
  readonly oid?: string | undefined;
  /** What Entra ID wants of this person before it issues a token without a page. */
  readonly requires?: 'mfa' | 'enrol' | 'conditional-access' | undefined;
}

/** One synthetic person. */
export interface Person {
  readonly pid: string;
  readonly given: string;
  readonly family: string;
  readonly locale: string;
  /** The electronic id, and so the `amr` of a sign-in at ID-porten. */
  readonly eid: string;
  readonly employee?: Employee | undefined;
  /** Standard claims that the file gives (OpenID Connect Core 5.1); the others are filled in. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

const guid = z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i);
const employeeEntry = z.strictObject({
  NAVident: z.string().optional(),
  preferred_username: z.string().min(1),
  tenant: z.string().min(1).default('example.test'),
  groups: z.array(guid).default([]),
  oid: guid.optional(),
  requires: z.enum(['mfa', 'enrol', 'conditional-access']).optional(),
});
const entry = z.object({
  pid: z.string().refine(isSyntheticPid, 'not a synthetic national number (month + 80, valid check digits)'),
  name: z.strictObject({ given: z.string().min(1), family: z.string().min(1) }),
  locale: z.enum(['nb', 'nn', 'en', 'se']).default('nb'),
  eid: z.string().min(1).default('BankID'),
  employee: employeeEntry.optional(),
});

/** Those of eIDAS mean nothing here yet. */
const MEMBERS: ReadonlySet<string> = new Set([...Object.keys(entry.shape), ...GIVEN_CLAIMS, 'eidas']);

/** One entry of `people.yaml` as a person, or what is wrong with it (never quoting a pid). */
export function parsePerson(input: unknown): Person | string {
  const [result, given] = [entry.safeParse(input), givenClaims.safeParse(input)];
  const strangers = isJsonObject(input) ? Object.keys(input).filter((name) => !MEMBERS.has(name)) : [];
  if (!result.success || !given.success || strangers.length > 0) {
    const found = [...problemsIn(result.error), ...problemsIn(given.error)];
    // Both say so when the entry is no map at all.
    return [...new Set([...found, ...strangers.map((name) => `${name}: no such member`)])].join('; ');
  }
  const { pid, name, locale, eid, employee } = result.data;
  const claims = Object.keys(given.data).length === 0 ? {} : { claims: given.data };
  const person = { pid, given: name.given, family: name.family, locale, eid, ...claims };
  if (employee === undefined) return person;
  const { preferred_username: preferredUsername, ...rest } = employee;
  return { ...person, employee: { ...rest, preferredUsername } };
}

function problemsIn(error: z.ZodError | undefined): readonly string[] {
  return (error?.issues ?? []).map((issue) => {
    if (issue.code === 'unrecognized_keys') return `${[...issue.path, issue.keys[0]].join('.')}: no such member`;
    return `${issue.path.join('.') || 'entry'}: ${issue.message}`;
  });
}

/** Given and family name as one text. */
export function fullName(person: Person): string {
  return `${person.given} ${person.family}`;
}
