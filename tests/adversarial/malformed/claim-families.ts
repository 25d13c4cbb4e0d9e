import { claims, signed, withClaims } from './template.ts';
import type { Shape, Template } from './template.ts';

type Respell = (text: string) => unknown;

/** What a text is mistaken for by everyone who does not compare it byte for byte. */
const RESPELLINGS: readonly Respell[] = [
  (text) => (text.endsWith('/') ? text.slice(0, -1) : `${text}/`),
  (text) => `${text}//`,
  (text) => (text.toUpperCase() === text ? text.toLowerCase() : text.toUpperCase()),
  (text) => (text[0] ?? '').toUpperCase() + text.slice(1).replace('e', 'E'),
  (text) => text.slice(0, -1),
  (text) => text.slice(1),
  (text) => `${text}x`,
  (text) => `${text} `,
  (text) => ` ${text}`,
  (text) => `${text}\u0000`,
  (text) => `${text}.`,
  (text) => text.replace(/[aceopt]/, '\u0435'),
  (text) => `${text}\u200b`,
  (text) => `${text}#`,
  (text) => `${text}?`,
  (text) => ({ '0': text }),
  () => '',
  () => null,
  () => 7,
  () => undefined,
];

const respelt =
  (name: string, change: Respell): Shape =>
  (template) => {
    const text = textOf(template, name);
    const other = change(text);
    // Some changes are none for some texts.
    return signed(template, { payload: claims(template, { [name]: other === text ? `${text}x` : other }) });
  };

function textOf({ claims: good }: Template, name: string): string {
  const value = good[name];
  return typeof value === 'string' ? value : String(Array.isArray(value) ? value[0] : value);
}

/** Almost the issuer. */
export const issuerFaults: readonly Shape[] = [
  ...RESPELLINGS.map((change) => respelt('iss', change)),
  respelt('iss', (text) => [text]),
];

/** Almost us. */
export const audienceFaults: readonly Shape[] = [
  ...RESPELLINGS.map((change) => respelt('aud', change)),
  respelt('aud', (text) => [`${text}x`, text.slice(0, -1)]),
  respelt('aud', (text) => [[text]]),
  respelt('aud', (text) => [text, 7]),
  respelt('aud', (text) => `${text} another`),
  respelt('aud', (text) => `${text},another`),
  respelt('aud', () => []),
  respelt('aud', () => ['']),
];

const at =
  (name: string, seconds: (now: number) => unknown): Shape =>
  (template) =>
    signed(template, { payload: claims(template, { [name]: seconds(template.now) }) });

const NO_NUMBERS: readonly unknown[] = ['', 'now', null, true, [], {}, [1_900_000_000]];

/** Times that are absent, no numbers, over, not begun, or absurd. */
export const timeFaults: readonly Shape[] = [
  ...NO_NUMBERS.map((exp) => withClaims({ exp })),
  ...NO_NUMBERS.map((iat) => withClaims({ iat })),
  ...['soon', null, {}].map((nbf) => withClaims({ nbf })),
  at('exp', () => undefined),
  at('exp', (now) => String(now + 60)),
  at('exp', (now) => new Date((now + 60) * 1000).toISOString()),
  at('exp', (now) => now - 400),
  at('exp', () => 0),
  at('exp', () => -1),
  at('exp', () => 2 ** 63),
  at('exp', () => Number.MAX_VALUE),
  at('iat', (now) => now + 400),
  at('iat', (now) => (now + 30) * 1000),
  at('iat', () => 2 ** 63),
  at('nbf', (now) => now + 400),
  at('nbf', () => 2 ** 63),
];
