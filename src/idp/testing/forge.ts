import { generatePrivateJwk, importSigningKey } from '../../oauth/jwk.ts';
import type { SigningKey } from '../../oauth/jwk.ts';
import { signJws } from '../../oauth/jws.ts';
import type { World } from './world.ts';

/** Makes assertions that would do but for what is changed. */
export interface Forge {
  readonly signed: (
    claims?: Readonly<Record<string, unknown>>,
    header?: Readonly<Record<string, unknown>>,
    key?: SigningKey,
  ) => Promise<string>;
  /** Another header, or other claims, over the signature of a good one. */
  readonly rewritten: (header: string, change?: (payload: string) => string) => Promise<string>;
  /** What nobody may accept (table row 10): each kind of it by name. */
  readonly refused: Readonly<Record<string, () => Promise<string>>>;
}

/** A forge over a world's key; `claims` are those of a good assertion. */
export async function createForge(world: World, claims: () => Readonly<Record<string, unknown>>): Promise<Forge> {
  const es256 = importSigningKey(await generatePrivateJwk('ES256', world.key.kid));
  const signed: Forge['signed'] = (change = {}, header = {}, key = world.key) =>
    signJws(header, { ...claims(), ...change }, key);
  const rewritten: Forge['rewritten'] = async (header, change = (payload) => payload) => {
    const [, payload = '', signature = ''] = (await signed()).split('.');
    const text = change(Buffer.from(payload, 'base64url').toString());
    return `${[header, text].map((part) => Buffer.from(part).toString('base64url')).join('.')}.${signature}`;
  };
  const { kid } = world.key;
  const refused = {
    'alg none': () => rewritten(`{"alg":"none","kid":"${kid}"}`),
    HS256: () => rewritten(`{"alg":"HS256","kid":"${kid}"}`),
    ES256: () => signed({}, {}, es256),
    crit: () => signed({}, { crit: ['exp'] }),
    'a header member twice': () => rewritten(`{"alg":"RS256","alg":"RS256","kid":"${kid}"}`),
    'a claim twice': () => rewritten(`{"alg":"RS256","kid":"${kid}"}`, (text) => text.replace('{', '{"iss":"x",')),
    'padded base64': async () => `${await signed()}=`,
    'a jti of 129 characters': () => signed({ jti: 'j'.repeat(129) }),
    'a token over 16 KiB': () => signed({ jti: 'j', filler: 'f'.repeat(16_384) }),
  };
  return { signed, rewritten, refused };
}
