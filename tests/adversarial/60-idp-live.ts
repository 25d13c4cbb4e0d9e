import { APP, basic, SECRET } from '../../src/idp/testing/openid.ts';
import type { Provider } from '../../src/idp/testing/openid.ts';
import { CLIENTS } from '../../src/idp/testing/rows.ts';
import {
  askToken,
  authorizeUrl,
  codeAt,
  DESK_CALLBACK,
  employeeTokens,
  PID,
  redeem,
  redirected,
  VERIFIER,
  visit,
} from '../../src/idp/testing/sign-in.ts';
import type { Jar } from '../../src/idp/testing/sign-in.ts';
import { entraUrl } from '../../src/idp/testing/entra.ts';
import { ISSUERS } from '../../src/idp/testing/world.ts';
import type { World } from '../../src/idp/testing/world.ts';

/** Providers to sign in at. */
export interface Sources {
  readonly world: World;
  /** The control API's token. */
  readonly token: string;
  readonly openid: Provider;
  readonly oidfBasic: Provider;
  readonly fapi: Provider;
  readonly machines: Provider;
}

type Values = Readonly<Record<string, string | null | undefined>>;

/** Signs in everywhere, and gives what came of it by name. */
export async function liveValues(all: Sources): Promise<ReadonlyMap<string, string>> {
  const { world, openid, oidfBasic, fapi, machines, token } = all;
  const jar: Jar = new Map();
  const proof = await machines.proof('web');
  const machine = await machines.post('/token', { ...proof, client_id: 'web', grant_type: 'client_credentials' });
  const texts: Values = {
    ...(await idportenValues(world, jar)),
    ...(await entraValues(world, jar)),
    ...(await genericValues('openid', openid, jar)),
    ...(await genericValues('oidf', oidfBasic, jar)),
    ...(await fapiValues(fapi, jar)),
    'machine-access': textOf(machine.body['access_token']),
    basic: basic('web')['authorization'],
    secret: SECRET,
    pid: PID,
    control: token,
    issuer: ISSUERS.idporten,
    callback: DESK_CALLBACK,
    // After all the others: every page adds to them.
    cookies: [...jar].map(([name, value]) => `${name}=${value}`).join('; '),
  };
  return new Map(Object.entries(texts).map(([name, value]) => [name, value ?? '']));
}

async function idportenValues(world: World, jar: Jar): Promise<Values> {
  const { body } = await askToken(world, redeem(await codeAt(world)));
  const jwks = await (await world.fetch(`${ISSUERS.idporten}/jwks.json`)).text();
  return {
    code: await codeAt(world, {}, jar),
    transaction: await transactionOf(world, jar, authorizeUrl({ prompt: 'login' })),
    kid: /"kid":"([^"]+)"/.exec(jwks)?.[1],
    ...tokens('', body),
  };
}

async function entraValues(world: World, jar: Jar): Promise<Values> {
  const desk = await employeeTokens(world, `openid offline_access ${CLIENTS.middle}/.default`);
  const graph = await employeeTokens(world, 'openid');
  return {
    'entra-code': redirected(await world.fetch(entraUrl({}))).get('code'),
    'entra-transaction': await transactionOf(world, jar, entraUrl({ login_hint: '', prompt: 'login' })),
    'graph-access': textOf(graph.body['access_token']),
    ...tokens('entra-', desk.body),
  };
}

async function genericValues(name: string, provider: Provider, jar: Jar): Promise<Values> {
  const { body } = await provider.redeem((await provider.signIn({ scope: 'openid offline_access' }, jar)).get('code'));
  return {
    [`${name}-code`]: (await provider.signIn({}, jar)).get('code'),
    [`${name}-transaction`]: await transactionOf(provider.world, jar, provider.authorizeUrl({ prompt: 'login' })),
    ...tokens(`${name}-`, body),
  };
}

async function fapiValues(fapi: Provider, jar: Jar): Promise<Values> {
  const asked = Object.fromEntries(new URL(fapi.authorizeUrl({ login_hint: `testid:${PID}` })).searchParams);
  const push = async (): Promise<string> => {
    return String((await fapi.post('/par', { ...asked, ...(await fapi.proof('web')) })).body['request_uri']);
  };
  const codeOf = async (): Promise<string> => {
    const query = new URLSearchParams({ client_id: 'web', request_uri: await push() });
    return redirected(await visit(fapi.world, jar, `${fapi.issuer}/authorize?${query.toString()}`)).get('code') ?? '';
  };
  const redeemed = await fapi.post('/token', {
    grant_type: 'authorization_code',
    code: await codeOf(),
    redirect_uri: APP,
    code_verifier: VERIFIER,
    ...(await fapi.proof('web')),
  });
  return { 'fapi-pushed': await push(), 'fapi-code': await codeOf(), ...tokens('fapi-', redeemed.body) };
}

function tokens(prefix: string, body: Readonly<Record<string, unknown>>): Values {
  return Object.fromEntries(
    (['access', 'id', 'refresh'] as const).map((kind) => [`${prefix}${kind}`, textOf(body[`${kind}_token`])]),
  );
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

async function transactionOf(world: World, jar: Jar, url: string): Promise<string | undefined> {
  return /name="transaction" value="([^"]+)"/.exec(await (await visit(world, jar, url)).text())?.[1];
}
