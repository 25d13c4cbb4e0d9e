import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { GRANT } from '../../oauth/client-assertion.ts';
import { publicJwk } from '../../oauth/jwk.ts';
import type { SnapshotData } from '../../registry/snapshot.ts';
import {
  claimsOf,
  createTestKeys,
  createWorld,
  idportenClient,
  testApp,
  testClient,
  testGrant,
} from '../testing/world.ts';
import type { Answer, World } from '../testing/world.ts';

const keys = await createTestKeys();
const NAMES = ['web', 'api', 'bare', 'rich', 'none', 'other'];
const GRANTED = ['les', 'skriv'];
const data: Partial<SnapshotData> = {
  apps: NAMES.map((name) => testApp(name)),
  clients: [
    ...NAMES.map((name) => ({
      ...testClient(name, [publicJwk(keys.client)]),
      registration: {
        provider: 'tokenx' as const,
        token: {},
        grantTypes: ['token-exchange', 'client_credentials'] as const,
      },
    })),
    idportenClient('web', 'login-client'),
  ],
  grants: [
    testGrant('web', 'api', ['les', 'skriv', 'slett']),
    testGrant('web', 'bare'),
    ...['web', 'api', 'bare'].flatMap((name) => [testGrant(name, 'rich', GRANTED), testGrant(name, 'none')]),
    testGrant('other', 'rich', ['slett']),
  ],
};
/** Its identity provider's scopes are none of ours, and in the second they are a limit. */
const free = await createWorld({ keys, data });
const limited = await createWorld({ keys, data, idp: { scopeLimit: true } });
after(() => Promise.all([free.close(), limited.close()]));

async function ask(
  world: World,
  from: string,
  parameters: Readonly<Record<string, string | undefined>>,
): Promise<Answer> {
  const id = `dev:fleet:${from}`;
  const client_assertion = await world.assertion({ claims: { iss: id, sub: id } });
  return world.exchange({ client_assertion, ...parameters });
}

const subjectWith = (scope: string | undefined): Promise<string> => limited.subject({ claims: { scope } });
const tokenOf = (answer: Answer): string =>
  answer.status === 200 ? String(answer.body['access_token']) : assert.fail(answer.text);

/** Our own token with exactly these scopes, and the app it was made for. */
async function ownToken(scope: string | undefined): Promise<{ readonly caller: string; readonly token: string }> {
  const caller = scope === undefined ? 'bare' : 'api';
  const subject_token = await subjectWith(scope);
  const answer = await ask(limited, 'web', { subject_token, audience: `dev:fleet:${caller}` });
  assert.equal(claimsOf(answer)['scope'], scope);
  return { caller, token: tokenOf(answer) };
}

/** What an answer has to be, by the words of the rules. */
function expected(
  target: 'rich' | 'none',
  { limit, requested }: { readonly limit: readonly string[] | undefined; readonly requested: string | undefined },
): readonly [unknown, unknown] | string {
  const declared = target === 'rich' ? ['les', 'skriv', 'slett'] : [];
  const edge = target === 'rich' ? GRANTED : [];
  if (requested !== undefined && !declared.includes(requested)) return 'scope-unknown';
  const granted = edge
    .filter((scope) => limit === undefined || limit.includes(scope))
    .filter((scope) => requested === undefined || scope === requested);
  if (requested !== undefined && granted.length === 0) return 'scope-empty';
  if (granted.length === 0 && limit === undefined) return [undefined, undefined];
  return [granted.join(' '), granted.join(' ')];
}

const scopeOf = (answer: Answer): unknown =>
  answer.status === 200 ? [claimsOf(answer)['scope'], answer.body['scope']] : answer.body['fm_reason'];

const SUBJECTS = [undefined, '', 'les', 'les skriv slett'];
const REQUESTS = [undefined, 'les', 'slett', 'ukjent'];
const KINDS = ['foreign', 'foreign-limit', 'own', 'app'] as const;

for (const kind of KINDS) {
  test(`X09, N02, N03: every scope of the subject, the rule and the request, issuer ${kind} (P6, P7)`, async () => {
    for (const scope of SUBJECTS) {
      const own = kind === 'own' ? await ownToken(scope) : undefined;
      const world = kind === 'foreign' ? free : limited;
      const subject_token = own?.token ?? (await subjectWith(scope));
      const isLimit = (kind === 'own' || kind === 'foreign-limit') && scope !== undefined;
      const limit = isLimit ? scope.split(' ').filter((each) => each !== '') : undefined;
      for (const target of ['rich', 'none'] as const) {
        for (const requested of REQUESTS) {
          const parameters = { audience: `dev:fleet:${target}`, scope: requested };
          const itself = {
            grant_type: GRANT.clientCredentials,
            subject_token: undefined,
            subject_token_type: undefined,
          };
          const sent = kind === 'app' ? { ...itself, ...parameters } : { subject_token, ...parameters };
          const answer = await ask(world, own?.caller ?? 'web', sent);
          const want = expected(target, { limit, requested });
          assert.deepEqual(scopeOf(answer), want, JSON.stringify([kind, scope, target, requested]));
        }
      }
    }
  });
}

test('N02: a scope claim that cannot be read leaves nothing, never everything', async () => {
  for (const scope of [7, { les: true }, null, [7], true]) {
    const subject_token = await limited.subject({ claims: { scope } });
    const answer = await ask(limited, 'web', { subject_token, audience: 'dev:fleet:rich' });
    assert.deepEqual(scopeOf(answer), ['', ''], JSON.stringify(scope));
  }
});
