import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { generatePrivateJwk, importSigningKey } from '../../oauth/jwk.ts';
import type { PrivateJwk, SigningKey } from '../../oauth/jwk.ts';
import { selfSign } from '../keys/certificates.ts';

/** RSA keys cost more than the tests that use them, so a process makes each of them once, when somebody asks for it first. */
const made = new Map<string, Promise<PrivateJwk>>();

/** What the state folders of this process held when their worlds were open: text by path. */
const stateFiles = new Map<string, string>();

/** The key of all clients of all worlds, `client-key`. */
export async function clientKey(): Promise<SigningKey> {
  return importSigningKey({ ...(await once('client', rsa)), kid: 'client-key' });
}

/** A key that no world knows, under a name of the test's choice; of each algorithm it is always the same. */
export async function foreignKey(
  kid: string,
  alg: Parameters<typeof generatePrivateJwk>[0] = 'RS256',
): Promise<SigningKey> {
  return importSigningKey({ ...(await once(alg, () => generatePrivateJwk(alg))), kid });
}

/** A key with its self-signed certificate in `x5c`; in force by the clock of this machine. */
export async function certifiedKey(): Promise<PrivateJwk> {
  return await once('certified', async () => {
    const jwk = { ...(await rsa()), kid: 'registered-name' };
    return { ...jwk, x5c: [await selfSign(jwk, 'client', Date.now() / 1000)] };
  });
}

/** Gives a new state folder the keys and certificates that earlier worlds of this process have made. */
export async function lendStateFiles(stateDir: string): Promise<void> {
  for (const [path, text] of stateFiles) {
    const file = join(stateDir, path);
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(file, text, { mode: path.endsWith('.pem') ? 0o644 : 0o600 });
  }
}

/** Keeps the keys and certificates that a world has made, for the worlds after it. */
export async function keepStateFiles(stateDir: string): Promise<void> {
  const keys = await readdir(join(stateDir, 'keys'));
  const paths = ['ca.pem', 'ca.key', 'localhost.pem', 'localhost.key', ...keys.map((name) => join('keys', name))];
  for (const path of paths) stateFiles.set(path, await readFile(join(stateDir, path), 'utf8'));
}

async function rsa(): Promise<PrivateJwk> {
  return await generatePrivateJwk('RS256');
}

async function once(name: string, make: () => Promise<PrivateJwk>): Promise<PrivateJwk> {
  const jwk = made.get(name) ?? make();
  made.set(name, jwk);
  return await jwk;
}
