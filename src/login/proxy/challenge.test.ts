import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import { json } from '../../web/http.ts';
import type { World } from '../testing/proxy.ts';
import { startWorld } from '../testing/proxy.ts';
import { readChallenge } from './challenge.ts';

const ERROR = 'error="insufficient_user_authentication"';
const HIGH = 'idporten-loa-high';

test('reads the challenges of RFC 9470 among others, and nothing that is unclear', () => {
  const cases: readonly (readonly [readonly string[], ReturnType<typeof readChallenge>])[] = [
    [[`Bearer ${ERROR}, acr_values="a b", max_age="5"`], { levels: ['a', 'b'], maxAgeSeconds: 5 }],
    [
      [`bearer realm="x, y", ${ERROR},error_description="say \\"more\\", please", max_age=0`],
      { levels: [], maxAgeSeconds: 0 },
    ],
    [['Basic realm="x"', `DPoP algs="ES256", ${ERROR}, acr_values=a`], { levels: ['a'], maxAgeSeconds: undefined }],
    [
      [`Negotiate abc==, Bearer ${ERROR}, Basic realm="x", acr_values="other"`],
      { levels: [], maxAgeSeconds: undefined },
    ],
    [['Bearer error="invalid_token"', `Bearer ${ERROR}, acr_values="a"`], { levels: ['a'], maxAgeSeconds: undefined }],
    [[`Basic ${ERROR}, acr_values="a"`], undefined],
    [[`Bearer ${ERROR}, ${ERROR}`], undefined],
    [[`Bearer ${ERROR}, max_age="soon"`], undefined],
    [[`Bearer ${ERROR}, max_age="-1"`], undefined],
    [['Bearer'], undefined],
    [[''], undefined],
    [[], undefined],
    [[`Bearer ${ERROR}, x="${'a'.repeat(5000)}"`], undefined],
  ];
  for (const [values, expected] of cases) assert.deepEqual(readChallenge(values), expected, values.join(' | '));
});

test('whatever an application writes, reading it ends and throws nothing; what RFC 9470 writes is read back (property)', () => {
  const noise = fc.string({
    unit: fc.constantFrom('Bearer', ' ', ',', '"', '\\', '=', 'error', 'x', '\t', ';'),
    maxLength: 60,
  });
  fc.assert(fc.property(fc.array(noise, { maxLength: 3 }), (values) => void readChallenge(values)));
  const level = fc.string({ unit: fc.constantFrom('a', ':', '/', '-', '"', '\\', ','), minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(
      fc.array(level, { maxLength: 3 }),
      fc.option(fc.nat(999_999_999), { nil: undefined }),
      (levels, maxAgeSeconds) => {
        const quoted = levels.join(' ').replaceAll(/["\\]/g, '\\$&');
        const age = maxAgeSeconds === undefined ? '' : `, max_age="${maxAgeSeconds}"`;
        assert.deepEqual(readChallenge([`Bearer ${ERROR}, acr_values="${quoted}"${age}`]), { levels, maxAgeSeconds });
      },
    ),
  );
});

/** An application that challenges every page, for someone signed in at the lower level. */
async function challenged(t: test.TestContext, challenge: string, honour = 'true'): Promise<World> {
  const app = (): ReturnType<typeof json> => json(401, { app: 'says no' }, { 'WWW-Authenticate': challenge });
  const env = {
    FULLMAKT_LOGIN_STEP_UP_HONOUR_UPSTREAM: honour,
    FULLMAKT_LOGIN_OPENID_ACR_VALUES: 'idporten-loa-substantial',
  };
  const world = await startWorld(t, { app, env });
  await world.logIn();
  return world;
}

test('A18 an application’s own challenge on a navigation begins a stronger login, when that is switched on (SU-2)', async (t) => {
  const challenge = `Bearer ${ERROR}, acr_values="unheard-of ${HIGH}"`;
  const { browser, events } = await challenged(t, challenge);
  const answer = await browser.visit('/x?y');
  assert.equal(answer.status, 302);
  assert.equal(answer.headers.location, `/oauth2/login?redirect=%2Fx%3Fy&level=${HIGH}`);
  assert.equal(answer.body, '');
  assert.equal(events.filter((event) => event.event === 'stepup.required').length, 1);
  assert.equal((await browser.ask('/x')).status, 401);
  const off = await challenged(t, challenge, 'false');
  assert.equal((await off.browser.visit('/x')).status, 401);
});

test('A18 an application’s challenge stands where a login would bring nothing: never a loop (SU-2)', async (t) => {
  const answers = [
    `Bearer ${ERROR}, acr_values="unheard-of"`,
    `Bearer ${ERROR}, acr_values="idporten-loa-substantial"`,
    `Bearer ${ERROR}, max_age="60"`,
    `Bearer ${ERROR}, max_age="0"`,
    `Bearer ${ERROR}`,
    'Bearer error="invalid_token"',
  ];
  for (const challenge of answers) {
    const { browser, clock } = await challenged(t, challenge);
    // The way back from the provider takes its time.
    clock.seconds += 5;
    const answer = await browser.visit('/x');
    assert.equal(answer.status, 401, challenge);
    assert.deepEqual(JSON.parse(answer.body), { app: 'says no' });
  }
});

test('A18 an application that wants a younger sign-in gets one (SU-2)', async (t) => {
  const { browser, clock, provider } = await challenged(t, `Bearer ${ERROR}, max_age="60"`);
  clock.seconds += 61;
  const answer = await browser.visit('/x');
  assert.equal(answer.headers.location, '/oauth2/login?redirect=%2Fx&prompt=login&max_age=60');
  const start = await browser.visit(answer.headers.location ?? '');
  const back = await browser.visit(await provider.authorize(start.headers.location ?? ''));
  assert.equal(back.headers.location, '/x');
  assert.equal((await browser.visit('/x')).status, 401);
});
