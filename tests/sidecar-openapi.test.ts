import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { sidecarOpenapiFile } from '../scripts/openapi.ts';
import { TOKEN_TYPE } from '../src/oauth/client-assertion.ts';
import { apiRoutes } from '../src/sidecar/api-routes.ts';
import { probeRoutes } from '../src/sidecar/probe-routes.ts';
import { parseClientCredentials, parseTokenExchange } from '../src/sidecar/standard/token-request.ts';
import type { Fields } from '../src/sidecar/wire/fields.ts';
import { parseExchangeRequest, parseIntrospectRequest, parseTokenRequest } from '../src/sidecar/wire/requests.ts';
import { parseForm } from '../src/web/forms.ts';
import { described, document, operations, schemas } from './sidecar-openapi-document.ts';

test('docs/sidecar-openapi.json is what the code says', () => {
  const file = readFileSync(new URL('../docs/sidecar-openapi.json', import.meta.url), 'utf8');
  assert.equal(file, sidecarOpenapiFile(), 'run `npm run docs`');
  assert.deepEqual(JSON.parse(file), document);
});

const unused = (): never => assert.fail('nothing is asked');

test('every route of the sidecar is in the document, and no other', () => {
  const probes = probeRoutes({ ready: unused, metrics: unused, accepting: unused });
  const built = [...apiRoutes(unused, unused), ...probes].map(
    ({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`,
  );
  const written = operations.map(({ method, path }) => `${method} ${path}`);
  assert.deepEqual(written.toSorted(), built.toSorted());
});

test('names of operations are there once, and every reference leads somewhere', () => {
  const ids = operations.map(({ operation }) => operation.operationId);
  assert.equal(new Set(ids).size, ids.length);
  const text = JSON.stringify(document);
  const referred = new Set(Array.from(text.matchAll(/"#\/components\/schemas\/(\w+)"/g), ([, name = '']) => name));
  assert.deepEqual([...referred].toSorted(), Object.keys(schemas).toSorted());
});

/** Fields that may be absent, and whose values are no free text. */
const NOT_TEXTS: ReadonlySet<string> = new Set(['skip_cache', 'authorization_details']);

/** The fields a parser asks for, and those it cannot do without. */
function fieldsOf(parse: (fields: Fields) => unknown, encoding: Fields['encoding']): [string[], string[]] {
  const asked = new Set<string>();
  const without = (left?: string): Fields => {
    const values = new Map<string, unknown>();
    values.get = (name) => {
      asked.add(name);
      return name === left || NOT_TEXTS.has(name) ? undefined : name;
    };
    return { encoding, values };
  };
  parse(without());
  const required = [...asked].filter((name) => {
    try {
      parse(without(name));
      return false;
    } catch {
      return true;
    }
  });
  return [[...asked].toSorted(), required.toSorted()];
}

test('every field of a request under /api/v1 is described, in both encodings, and no other; so is which have to be there', () => {
  const parsers = {
    TokenRequest: parseTokenRequest,
    ExchangeRequest: parseExchangeRequest,
    IntrospectRequest: parseIntrospectRequest,
  };
  for (const [name, parse] of Object.entries(parsers)) {
    assert.deepEqual(described(name), fieldsOf(parse, 'json'), name);
    assert.deepEqual(described(`${name}Form`), fieldsOf(parse, 'form'), name);
  }
});

/** The parameters a parser asks this form for. */
function parametersOf(
  parse: typeof parseClientCredentials | typeof parseTokenExchange,
  provider: string,
  text: string,
): Set<string> {
  const result = parseForm(text);
  assert.ok(result.ok);
  const names = new Set(['grant_type']);
  const { form } = result;
  const get = (name: string): string | undefined => (names.add(name), form.get(name));
  parse({ ...form, get, has: (name) => get(name) !== undefined }, provider);
  return names;
}

test('every parameter of the standard token endpoint is described, and no other', () => {
  const machine = parametersOf(parseClientCredentials, 'maskinporten', 'scope=a&authorization_details=[]');
  assert.deepEqual([...machine].toSorted(), described('ClientCredentialsRequest')[0]);
  const subject = `subject_token=a&subject_token_type=${TOKEN_TYPE.jwt}`;
  const tokenx = parametersOf(parseTokenExchange, 'tokenx', `${subject}&audience=a`);
  const entra = parametersOf(parseTokenExchange, 'entra_id', `${subject}&scope=a`);
  assert.deepEqual([...new Set([...tokenx, ...entra])].toSorted(), described('TokenExchangeRequest')[0]);
});
