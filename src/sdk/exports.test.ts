import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

const { exports } = JSON.parse(readFileSync(join(import.meta.dirname, 'package.json'), 'utf8')) as {
  exports: Record<string, string>;
};

/** What each subpath gives a program. A change here is a change of what is promised. */
const VALUES: Readonly<Record<string, string>> = {
  '.':
    'AuthError ConfigError allOf anyOf anyPrincipal create fromEnv inspectEnv requireAcr requireCaller requireConsumer requireGroup ' +
    'requireMachine requireRole requireScope requireUser',
  './tokens': 'AcquireError tokensFromEnv',
  './fetch': 'createFetch',
  './express': 'principalOf protect',
  './fastify': 'fullmakt principalOf',
  './hono': 'protect',
  './next': 'principalFrom protectRoute',
  './node': 'protect',
  './testing': 'createTestIssuer createTestSidecar fakeClock',
};

/** What each subpath gives the type checker alone; `./testing` is free to describe more. */
const TYPES: Readonly<Record<string, string>> = {
  '.':
    'Algorithm AnyAll AuthErrorCode Claims EntraMachine EntraMachineClaims EntraUser EntraUserClaims Fullmakt Guard IdportenClaims ' +
    'IdportenUser IssuerConfig MaskinportenClaims MaskinportenMachine NoAudience NonEmpty OidcPrincipal Options Principal ' +
    'PrincipalOf Provider RequestLike Result SdkEvent TokenHandle TokenxMachine TokenxMachineClaims TokenxUser TokenxUserClaims ' +
    'ValidateOptions',
  './tokens': 'AcquiredToken Ask MachineRequest Tokens UserRequest UserToken',
  './fetch': 'TokenFetch TokenRule',
  './express': 'AdapterOptions',
  './fastify': 'AdapterOptions',
  './hono': 'AdapterOptions',
  './next': 'AdapterOptions',
  './node': 'AdapterOptions',
};

function exportedTypes(file: string): string[] {
  const text = readFileSync(join(import.meta.dirname, file), 'utf8');
  const lists = Array.from(text.matchAll(/^export type \{([^}]*)\}/gm), ([, names = '']) => names.split(','));
  const declared = Array.from(text.matchAll(/^export (?:interface|type) (\w+)/gm), ([, name = '']) => name);
  return [...lists.flat(), ...declared].map((name) => name.trim()).filter((name) => name !== '');
}

test('each subpath exports exactly the names that are promised (5)', async () => {
  assert.deepEqual(Object.keys(VALUES), Object.keys(exports));
  for (const [subpath, file] of Object.entries(exports)) {
    const module = (await import(join(import.meta.dirname, file))) as object;
    assert.deepEqual(Object.keys(module).toSorted(), VALUES[subpath]?.split(' '), subpath);
    if (subpath in TYPES) assert.deepEqual(exportedTypes(file).toSorted(), TYPES[subpath]?.split(' '), subpath);
  }
});
