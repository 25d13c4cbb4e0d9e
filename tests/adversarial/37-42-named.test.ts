import assert from 'node:assert/strict';
import { createHmac, createPublicKey } from 'node:crypto';
import { test } from 'node:test';
import { publicJwk } from '../../src/oauth/jwk.ts';
import { create } from '../../src/sdk/index.ts';
import { makeKeys, START, startProvider, startSidecar, testEnv } from '../../src/sidecar/testing/sidecar.ts';
import { b64, keyOf, rs } from './malformed/template.ts';
import { wholeFile } from './whole-file.ts';

/* Faults that JOSE libraries were published with, at the sidecar and in the library; caches are on. */

const context = wholeFile();
const keys = await makeKeys();
const provider = await startProvider(context, keys);
const sidecar = await startSidecar(context, testEnv(provider.origin, keys));
const issuer = `${provider.origin}/tokenx`;
const auth = create(
  [{ provider: 'tokenx', issuer, keys: { jwksUri: `${provider.origin}/jwks` }, audience: ['local:fleet:api'] }],
  { env: { FULLMAKT_ALLOW_LOCAL_PROVIDERS: 'true' }, clock: () => START, verifiedCache: {} },
);
context.after(() => auth.close());

function inputOf(header: object, claims: object = {}): string {
  const good = {
    iss: issuer,
    aud: 'local:fleet:api',
    sub: 'u-1',
    client_id: 'c',
    idp: 'i',
    jti: 'j',
    iat: START,
    nbf: START,
    exp: START + 600,
  };
  return `${b64(JSON.stringify({ alg: 'RS256', kid: 'issuer-key', ...header }))}.${b64(JSON.stringify({ ...good, ...claims }))}`;
}
const signed = (header: object, claims?: object): string => {
  const input = inputOf(header, claims);
  return `${input}.${b64(rs(keyOf(keys.issuerJwk))(Buffer.from(input)))}`;
};

interface Verdict {
  readonly sidecar: boolean;
  readonly library: boolean;
  /** Whose token it is said to be. */
  readonly subjects: readonly unknown[];
}

async function judge(token: string): Promise<Verdict> {
  const answer = await sidecar.post('/introspect', { identity_provider: 'tokenx', token });
  const told = (await answer.json()) as Readonly<Record<string, unknown>>;
  const verdict = await auth.validate(token);
  const said = verdict.ok ? verdict.principal.id : undefined;
  return { sidecar: told['active'] === true, library: verdict.ok, subjects: [told['sub'], said] };
}

const REFUSED: Verdict = { sidecar: false, library: false, subjects: [undefined, undefined] };

test('T40 CVE-2026-35042: a token with crit is refused, whatever it names and even if it names what is known', async () => {
  assert.deepEqual(await judge(signed({})), { sidecar: true, library: true, subjects: ['u-1', 'u-1'] });
  for (const crit of [['x'], ['exp'], ['b64'], ['alg', 'kid'], [], '', null, ['x', 'x'], { 0: 'x' }])
    assert.deepEqual(await judge(signed({ crit, x: true, b64: true })), REFUSED, JSON.stringify(crit));
});

/** Everything a verifier could take a published key for. */
function spellings(): readonly (string | Buffer)[] {
  const jwk = publicJwk(keys.issuerJwk);
  const key = createPublicKey({ key: { ...jwk }, format: 'jwk' });
  const pems = (['spki', 'pkcs1'] as const).map((type) => key.export({ type, format: 'pem' }));
  const texts = [...pems, JSON.stringify(jwk), JSON.stringify({ keys: [jwk] }), String(jwk['n']), ''];
  const der = key.export({ type: 'spki', format: 'der' });
  return [
    der,
    ...texts.flatMap((text) => [
      text,
      text.trim(),
      ` ${text}`,
      `\n${text}`,
      `\t${text}`,
      `\ufeff${text}`,
      `\r\n ${text}`,
    ]),
  ];
}

for (const name of [
  'CVE-2026-34950: a public key with a leading blank is no HMAC secret',
  'GHSA-869p-cjfg-cm3x: no HMAC is ever verified, right or wrong, long, short or empty',
]) {
  test(`T37 ${name}`, async () => {
    for (const secret of name.startsWith('CVE') ? spellings() : ['', 'secret', 'a'.repeat(64), Buffer.alloc(32)]) {
      for (const [alg, digest] of [
        ['HS256', 'sha256'],
        ['HS384', 'sha384'],
        ['HS512', 'sha512'],
        ['hs256', 'sha256'],
        ['RS256', 'sha256'],
      ] as const) {
        for (const kid of ['issuer-key', undefined, '']) {
          const input = inputOf({ alg, kid });
          const mac = createHmac(digest, secret).update(input).digest();
          for (const signature of [mac, mac.subarray(0, 16), Buffer.from(mac.toString('hex'))])
            assert.deepEqual(await judge(`${input}.${b64(signature)}`), REFUSED);
        }
      }
    }
  });
}

test('T52 CVE-2026-35039: no two tokens share a place in a cache of verdicts, however alike they are', async () => {
  const subjects = ['u-1', 'u-2', 'u-10', 'U-1', 'u-1 ', 'u-1\u0000', 'u–1', 'ｕ-1'];
  const tokens = subjects.map((sub) => [sub, signed({}, { sub })] as const);
  for (let round = 0; round < 3; round += 1)
    for (const [sub, token] of tokens) assert.deepEqual((await judge(token)).subjects, [sub, sub]);
  // A verdict is for the whole token: what shares start, end, claims or signature with a good one is none.
  const good = tokens.map(([, token]) => token);
  for (const [at, token] of good.entries()) {
    const [header = '', claims = '', signature = ''] = token.split('.');
    const [, otherClaims = '', otherSignature = ''] = good[(at + 1) % good.length]?.split('.') ?? [];
    for (const forged of [
      `${header}.${otherClaims}.${signature}`,
      `${header}.${claims}.${otherSignature}`,
      `${header}.${claims}.${signature.slice(0, -4)}AAAA`,
    ])
      assert.deepEqual(await judge(forged), REFUSED);
  }
});
