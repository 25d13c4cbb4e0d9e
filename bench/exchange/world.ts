import { generatePrivateJwk, publicJwk } from '../../src/oauth/jwk.ts';
import type { PrivateJwk } from '../../src/oauth/jwk.ts';
import { appId } from '../../src/registry/app-id.ts';
import type { AppId } from '../../src/registry/app-id.ts';

/** The algorithms of a benchmark. */
export type BenchAlgorithm = 'RS256' | 'ES256' | 'EdDSA';

/** What an exchange is signed with: the client's assertion and the new token; users come with RS256. */
export interface Mix {
  readonly client: BenchAlgorithm;
  readonly output: BenchAlgorithm;
}

/** One key of each algorithm for all clients, and the one of the users' issuer. */
export interface BenchKeys {
  readonly clients: Readonly<Record<BenchAlgorithm, PrivateJwk>>;
  readonly idp: PrivateJwk;
}

export const ISSUER: string = 'http://localhost:7440';
export const IDP: string = 'https://idp.example.test';
export const ALGORITHMS: readonly BenchAlgorithm[] = ['RS256', 'ES256', 'EdDSA'];
export const CLIENTS: number = 1000;
export const TARGETS: number = 200;
export const USERS: number = 2000;
/** Targets that each client may call; of each algorithm as many. */
export const TARGETS_OF_ONE: number = 10;

/** How a mix is written: assertion, subject token, output. */
export function nameOf({ client, output }: Mix): string {
  return `${client}/RS256/${output}`;
}

export async function makeKeys(): Promise<BenchKeys> {
  const [rsa, ec, ed, idp] = await Promise.all([
    generatePrivateJwk('RS256', 'client-rsa'),
    generatePrivateJwk('ES256', 'client-ec'),
    generatePrivateJwk('EdDSA', 'client-ed'),
    generatePrivateJwk('RS256', 'idp-1'),
  ]);
  return { clients: { RS256: rsa, ES256: ec, EdDSA: ed }, idp };
}

export function callerOf(index: number): AppId {
  return appId('dev', 'fleet', `web-${index % CLIENTS}`);
}

export function targetOf(output: BenchAlgorithm, index: number): AppId {
  return appId('dev', 'fleet', `api-${output.toLowerCase()}-${index % TARGETS}`);
}

/** The place of a target that a caller may call; one place further there is one that it may not. */
export function grantedPlace(caller: number, choice: number): number {
  return (caller + (choice % TARGETS_OF_ONE) * (TARGETS / TARGETS_OF_ONE)) % TARGETS;
}

/** The issuer of the users, as the server is told of it. */
export function trustedIssuers(keys: BenchKeys): string {
  const jwks = { keys: [publicJwk(keys.idp)] };
  return JSON.stringify([{ name: 'idp', issuer: IDP, jwks, bind: { clientId: ['login'] }, map: 'idporten-acr' }]);
}
