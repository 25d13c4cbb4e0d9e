import { authorizeUrl, PID, visit } from './sign-in.ts';
import type { Jar } from './sign-in.ts';
import type { World } from './world.ts';
import { ISSUERS } from './world.ts';

/** Fields of a form; a list is a name that comes several times. */
export type PageFields = Readonly<Record<string, string | readonly string[]>>;

/** The transaction of a sign-in page. */
export function transactionOf(html: string): string {
  return /name="transaction" value="([^"]+)"/.exec(html)?.[1] ?? '';
}

/** Posts to the sign-in page as its form would. */
export async function postPage(world: World, jar: Jar, fields: PageFields): Promise<Response> {
  const body = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    for (const each of typeof value === 'string' ? [value] : value) body.append(name, each);
  }
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return await visit(world, jar, `${ISSUERS.login}/authorize`, { method: 'POST', headers, body: body.toString() });
}

/** What is unlike a citizen at the highest level who comes with a fresh browser. */
interface PageSignIn {
  readonly fields?: PageFields;
  /** Of the authorization request. */
  readonly parameters?: Readonly<Record<string, string>>;
  readonly jar?: Jar;
}

/** Signs a person in at ID-porten by the page, as a browser without script would, and gives the answer. */
export async function signInByPage(
  world: World,
  { fields = {}, parameters = {}, jar = new Map() }: PageSignIn = {},
): Promise<Response> {
  const transaction = transactionOf(await (await visit(world, jar, authorizeUrl(parameters))).text());
  return await postPage(world, jar, { transaction, person: PID, acr: 'high', continue: '1', ...fields });
}
