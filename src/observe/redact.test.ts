import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { redactFields } from './redact.ts';
import { printableJson, printableText, scrubText } from './scrub.ts';
import { Secret } from './secret.ts';

const JWT = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.Y2FuYXJ5LXNpZ25hdHVyZQ';
const PID = '01858912345';

describe('redactFields', () => {
  it('hides what a field named like a secret holds, however the name is written', () => {
    const names = [
      'token',
      'access_token',
      'accessToken',
      'ID_TOKEN',
      'refreshTokens',
      'assertion',
      'client_assertion',
      'code',
      'authorization_code',
      'code_verifier',
      'cookie',
      'Set-Cookie',
      'cookies',
      'client_secret',
      'secret',
      'pid',
      'password',
      'Authorization',
      'x-wonderwall-forward-auth-token',
      'dpopProof',
      'ticket',
      'privateKey',
      'email',
    ];
    for (const name of names) {
      assert.deepEqual(redactFields({ [name]: 'canary' }), { [name]: '[redacted]' });
      assert.deepEqual(redactFields({ [name]: { deep: 'canary' } }), { [name]: '[redacted]' });
    }
  });

  it('keeps fields that only speak of a secret: its kind, its issuer, that there was one, how many', () => {
    const fields = {
      token_type: 'Bearer',
      tokenIssuer: 'https://idp.test',
      tokenEndpoint: 'https://idp.test/token',
      hasToken: true,
      tokens: 3,
      code: 401,
      client_assertion_type: 'urn:x',
      codeChallengeMethod: 'S256',
      session_ref: 'abcdef012345',
    };
    assert.deepEqual(redactFields(fields), fields);
  });

  it('hides a Secret wherever it lies', () => {
    const secret = new Secret('canary');
    const shown = JSON.stringify(redactFields({ a: secret, b: [secret], c: { d: new Map([['e', secret]]) } }));
    assert.ok(!shown.includes('canary'), shown);
  });

  it('hides the private members of a JWK and keeps the public ones', () => {
    const jwk = { kty: 'EC', crv: 'P-256', x: 'px', y: 'py', d: 'canary', kid: '1' };
    assert.deepEqual(redactFields({ key: jwk }), { key: { ...jwk, d: '[redacted]' } });
  });

  it('tells an error with its cause and the code of its fault, scrubbed', () => {
    const cause = Object.assign(new Error(`connect with Bearer canary`), { code: 'ECONNREFUSED' });
    const { error } = redactFields({ error: new Error(`got ${JWT}`, { cause }) });
    const shown = JSON.stringify(error);
    assert.match(shown, /"type":"Error"/);
    assert.match(shown, /"code":"ECONNREFUSED"/);
    assert.ok(!shown.includes('canary') && !shown.includes('eyJ'), shown);
    assert.ok(
      !JSON.stringify(redactFields({ error: Object.assign(new Error('x'), { code: 'Xk3canary9' }) })).includes(
        'canary',
      ),
    );
  });

  it('ends for what has no end: cycles, width, depth, throwing getters', () => {
    const cycle: Record<string, unknown> = { wide: Array.from({ length: 1000 }, (_, i) => ({ i })) };
    for (let i = 0; i < 50; i += 1) cycle[`self${i}`] = cycle;
    const bad = {
      get boom(): string {
        throw new Error('no');
      },
    };
    const shown = redactFields({ bad, cycle, gone: undefined, run: () => 1, big: 10n, nan: Number.NaN });
    assert.equal(shown['bad'], '[unreadable]');
    assert.ok(JSON.stringify(shown).length < 100_000);
  });

  it('lets a canary through in no shape and at no depth', () => {
    const canary = fc.constantFrom(
      `Bearer canary.x`,
      JWT,
      `?code=canary&x=1`,
      `__Host-x.session=canary; Path=/`,
      'https://u:canary@host/',
      `pid ${PID}`,
    );
    const leaf = fc.tuple(fc.stringMatching(/^[ -~]{0,20}$/), canary, fc.stringMatching(/^[ -~]{0,20}$/));
    const value = fc.letrec((tie) => ({
      node: fc.oneof(
        { maxDepth: 4 },
        leaf.map(([a, b, c]) => `${a} ${b} ${c}`),
        leaf.map(([a, b, c]) => new Error(`${a} ${b} ${c}`)),
        fc.array(tie('node'), { maxLength: 3 }),
        fc.dictionary(fc.string({ maxLength: 8 }), tie('node'), { maxKeys: 3 }),
      ),
    })).node;
    fc.assert(
      fc.property(value, (node) => {
        const shown = JSON.stringify(redactFields({ node }));
        return !/canary|Y2FuYXJ5|01858912345/.test(shown);
      }),
      { numRuns: 300 },
    );
  });
});

describe('scrubText', () => {
  it('takes out what looks like a secret and leaves the words around it', () => {
    const cases: readonly (readonly [string, string])[] = [
      [`token ${JWT} refused`, 'token [redacted] refused'],
      [`five parts ${JWT}.aaaa.bbbb`, 'five parts [redacted]'],
      ['Authorization: Bearer abc.def-1', 'Authorization: Bearer [redacted]'],
      ['dpop: DPoP  xyz', 'dpop: DPoP [redacted]'],
      ['/cb?code=abc&iss=x', '/cb?code=[redacted]&iss=x'],
      ['subject_token=a&subject_token_type=urn', 'subject_token=[redacted]&subject_token_type=urn'],
      ['Cookie: __Host-fullmakt.session=abc; other=1', 'Cookie: __Host-fullmakt.session=[redacted]; other=1'],
      ['redis://user:pw@host:6379', 'redis://[redacted]@host:6379'],
      ['-----BEGIN PRIVATE KEY-----\nMIG\n-----END PRIVATE KEY-----', '[redacted]'],
      ['{"kty":"EC","d":"abc"}', '{"kty":"EC","d":"[redacted]"}'],
    ];
    for (const [text, shown] of cases) assert.equal(scrubText(text), shown);
  });

  it('takes out national identity numbers: ordinary, D-numbers and the synthetic series', () => {
    for (const pid of ['01018012345', '41018012345', '01418012345', '01818012345', '01668012345', '31129912345']) {
      assert.equal(scrubText(`user ${pid}.`), 'user [redacted].', pid);
    }
  });

  it('leaves alone numbers and names that are none: organisations, times, ids, hosts, thumbprints', () => {
    for (const text of [
      '310000019',
      '1800000000',
      '1800000000123',
      '123456789012',
      '00000000-0000-4000-8000-00000000f001',
      'https://sidecar-production.namespace-name.cluster-local/token',
      'local:fleet:api',
      '99999999999',
      'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs',
    ]) {
      assert.equal(scrubText(text), text);
    }
  });

  it('takes linear time on the worst it is given', () => {
    for (const unit of [
      'ey',
      'eyJ',
      '.',
      'code=',
      '://',
      '-----BEGIN ',
      '__Host-',
      '"d":"',
      'Bearer ',
      '01018012345',
    ]) {
      const text = unit.repeat(1_000_000 / unit.length);
      const began = process.threadCpuUsage();
      for (let times = 0; times < 10; times += 1) scrubText(text);
      assert.ok(process.threadCpuUsage(began).user < 400_000, `${unit} took too long`);
    }
  });
});

describe('printable text', () => {
  it('writes out every control character, line separator and direction mark', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        // oxlint-disable-next-line no-control-regex -- control characters are what this is about
        const unprintable = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/;
        assert.doesNotMatch(printableText(text), unprintable);
        const json = printableJson(JSON.stringify({ text }));
        assert.doesNotMatch(json, unprintable);
        assert.deepEqual(JSON.parse(json), { text });
      }),
    );
    assert.equal(printableText('a\r\nb\u001b[31m\u202e'), 'a\\u000d\\u000ab\\u001b[31m\\u202e');
  });
});
