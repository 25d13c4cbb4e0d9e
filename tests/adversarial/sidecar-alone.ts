import { Agent, request } from 'node:http';
import type { TestContext } from 'node:test';
import { createTestIssuer } from '../../src/sdk/testing.ts';
import type { TestIssuer } from '../../src/sdk/testing.ts';
import { startSidecarCommand } from '../servers/sidecar-command.ts';
import type { SidecarCommandProcess } from '../servers/sidecar-command.ts';

/** A `fullmakt sidecar` in a process of its own, with all providers on. */
export interface SidecarAlone extends SidecarCommandProcess {
  /** All providers; it says what they were asked. */
  readonly issuer: TestIssuer;
  /** Asks an endpoint of the API with JSON, or another body of this type. */
  post(path: string, body: object | string, headers?: Readonly<Record<string, string>>): Promise<Told>;
}

/** An answer. */
export interface Told {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** How it differs from one with the defaults. */
interface Alone {
  readonly env?: Readonly<Record<string, string>>;
  readonly descriptors?: number;
}

const ON = { AZURE_ENABLED: 'true', TOKEN_X_ENABLED: 'true', MASKINPORTEN_ENABLED: 'true', IDPORTEN_ENABLED: 'true' };

/** Starts providers and a sidecar; both end with the test. */
export async function startSidecarAlone(
  t: Pick<TestContext, 'after'>,
  { env = {}, descriptors }: Alone = {},
): Promise<SidecarAlone> {
  const issuer = await createTestIssuer({ listen: true });
  t.after(() => issuer.close());
  const running = await startSidecarCommand({ ...issuer.env, ...ON, ...env }, [], descriptors);
  t.after(() => running.stop('SIGKILL'));
  return { ...running, issuer, post: (path, body, headers) => postTo(running.origin, path, body, headers) };
}

/** One request on a connection of its own, or on those of an agent; rejects when it is cut. */
export function postTo(
  origin: string,
  path: string,
  body: object | string,
  headers: Readonly<Record<string, string>> = {},
  agent: Agent | false = false,
): Promise<Told> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const sent = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)), ...headers };
  return new Promise((resolve, reject) => {
    const outgoing = request(`${origin}${path}`, { method: 'POST', headers: sent, agent }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk)).once('error', reject);
      incoming.once('end', () => {
        const seen = new Headers();
        for (const [name, value] of Object.entries(incoming.headers)) seen.set(name, String(value));
        resolve({ status: incoming.statusCode ?? 0, headers: seen, body: Buffer.concat(chunks).toString() });
      });
    });
    outgoing.once('error', reject);
    outgoing.end(text);
  });
}

/** A question for a machine token that is right. */
export const MACHINE = { identity_provider: 'entra_id', target: 'api://test.team.other/.default' } as const;
