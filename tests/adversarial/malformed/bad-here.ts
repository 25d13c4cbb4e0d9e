import { claims, header, signed, withClaims, withHeader } from './template.ts';
import type { Shape, Template } from './template.ts';

const audience =
  (change: (aud: unknown) => unknown): Shape =>
  (template) =>
    signed(template, { payload: claims(template, { aud: change(template.claims['aud']) }) });
const later =
  (life: (template: Template) => number): Shape =>
  (template) =>
    signed(template, { payload: claims(template, { exp: life(template) }) });

type Oddity =
  | 'noKid'
  | 'noIat'
  | 'sub'
  | 'audienceLists'
  | 'longLife'
  | 'clientId'
  | 'azp'
  | 'nonce'
  | 'accessTokenType'
  | 'otherKinds';

/** Shapes that only some verifiers must refuse, by what is odd about them. */
export const BAD_HERE: Readonly<Record<Oddity, readonly Shape[]>> = {
  noKid: [
    withHeader({ kid: undefined }),
    (template) => signed(template, { header: header(template, { kid: undefined, x5t: 'AAAA' }) }),
  ],
  noIat: [withClaims({ iat: undefined })],
  sub: [7, null, ['u-1'], {}].map((sub) => withClaims({ sub })),
  audienceLists: [
    audience((aud) => [aud, 'https://another.example.test']),
    audience((aud) => ['https://another.example.test', aud]),
    audience((aud) => [aud, aud, 'x']),
  ],
  longLife: [
    later(({ now }) => now + 40 * 24 * 3600),
    later(() => 253_402_300_799),
    later(() => 253_402_300_800),
    later(() => 2 ** 53 - 1),
  ],
  clientId: ['another', 'login-client ', 'LOGIN-CLIENT', '', 7, null, ['login-client'], undefined].map((client_id) =>
    withClaims({ client_id }),
  ),
  azp: ['another', 'client-1 ', '', 7, null, ['client-1']].map((azp) => withClaims({ azp })),
  nonce: [undefined, '', 'another', 7, null].map((nonce) => withClaims({ nonce })),
  accessTokenType: [withHeader({ typ: 'at+jwt' }), withHeader({ typ: 'application/at+jwt' })],
  otherKinds: [
    { nonce: 'n' },
    { at_hash: 'h' },
    { c_hash: 'h' },
    { events: {} },
    { events: { 'http://schemas.openid.net/event/backchannel-logout': {} } },
    { cnf: { jkt: 'x' } },
  ].map(withClaims),
};
