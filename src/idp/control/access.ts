import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { HttpRequest } from '../../web/http.ts';
import { digest, isSameDigest } from '../digest.ts';
import { readIfThere, writeWhole } from '../state/files.ts';
import { watchFile } from '../state/watched-file.ts';
import { ControlProblem } from './problem.ts';

/**
 * The token of the control API (`control-token`, 0600), made at first start. The file has the word: what replaces it counts from the
 * next request, for that is what callers read. While there is none, the last one does.
 */
export async function openControlToken(stateDir: string): Promise<() => string> {
  const file = join(stateDir, 'control-token');
  const known = (await readIfThere(file))?.trim() ?? '';
  if (known === '') await writeWhole(file, `${randomBytes(32).toString('base64url')}\n`, 0o600);
  const read = watchFile(file);
  let token = '';
  return () => {
    token = read()?.trim() || token;
    return token;
  };
}

/** Lets only programs of this machine in that can read the state folder: no browser, no other name, no guess. Throws ControlProblem. */
export function checkAccess(request: HttpRequest, token: string): void {
  const port = request.incoming.socket.localPort ?? 0;
  if (![`127.0.0.1:${port}`, `localhost:${port}`].includes(request.headers.host ?? '')) {
    throw new ControlProblem('forbidden', `Host has to be 127.0.0.1:${port} or localhost:${port}`);
  }
  if (request.headers.origin !== undefined) {
    throw new ControlProblem('forbidden', 'pages of browsers are not let in');
  }
  const [, sent] = /^Bearer +([\x21-\x7e]+)$/i.exec(request.headers.authorization ?? '') ?? [];
  if (sent === undefined || !isSameDigest(digest(sent), digest(token))) {
    throw new ControlProblem('unauthorized', 'Authorization has to be Bearer and the text of the file control-token');
  }
}
