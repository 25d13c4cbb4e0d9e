import { importSigningKey, importVerificationKey, publicJwk } from '../../src/oauth/jwk.ts';
import type { PrivateJwk } from '../../src/oauth/jwk.ts';
import { parseCompactJws, signJws, verifySignature } from '../../src/oauth/jws.ts';

const TURNS = 500;

/** CPU of one verification and one signature alone, in microseconds: what no server can do without. */
export async function bareMicros(jwk: PrivateJwk): Promise<number> {
  const signer = importSigningKey(jwk);
  const key = importVerificationKey(publicJwk(jwk));
  const token = parseCompactJws(await signJws({}, { filler: 'x'.repeat(250) }, signer));
  let micros = 0;
  for (const counted of [false, true]) {
    const before = process.cpuUsage();
    for (let turn = 0; turn < TURNS; turn += 1) {
      verifySignature(token, key);
      await signJws({}, { filler: 'x'.repeat(250) }, signer);
    }
    const { user, system } = process.cpuUsage(before);
    if (counted) micros = (user + system) / TURNS;
  }
  return micros;
}
