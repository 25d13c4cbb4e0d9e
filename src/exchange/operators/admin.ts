import * as z from 'zod';
import { parseAppId } from '../../registry/app-id.ts';
import { json } from '../../web/http.ts';
import type { HttpResponse } from '../../web/http.ts';
import type { Route } from '../../web/router.ts';
import type { ExchangeContext } from '../context.ts';
import { refuse } from '../errors.ts';
import { createOperatorEndpoint, readJsonBody } from './operator-endpoint.ts';
import type { OperatorRequest } from './operator-endpoint.ts';
import { OperatorRefused } from './operator-authentication.ts';
import { mayTouch } from './operators.ts';
import { defaultNotBefore, revocationLifetime, revoke } from '../revocation/revocations.ts';

const MAX_VALUE_CHARACTERS = 1024;
const HEADERS = { 'Cache-Control': 'no-store' };

const text = z.string().min(1).max(MAX_VALUE_CHARACTERS);
/** Strict: a misspelt member would revoke more than was meant. */
const revocation = z.strictObject({
  kind: z.enum(['jti', 'sid', 'sub', 'client']),
  value: text,
  idp: text.optional(),
  notBefore: z.number().nonnegative().optional(),
});

/** Emergency measures and the state of the processes, for operators. Paths stand under `base`. */
export function adminRoutes(context: ExchangeContext, base: string): readonly Route[] {
  const endpoint = createOperatorEndpoint;
  return [
    {
      method: 'POST',
      path: `${base}/admin/revocations`,
      handle: endpoint(context, { right: 'revoke', action: 'revoke', handle: postRevocation }),
    },
    {
      method: 'POST',
      path: `${base}/admin/keys/rotate`,
      handle: endpoint(context, { right: 'keys', action: 'rotate', handle: rotateKeys }),
    },
    {
      method: 'POST',
      path: `${base}/admin/keys/:kid/revoke`,
      handle: endpoint(context, { right: 'keys', action: 'revoke-key', handle: revokeKey }),
    },
    {
      method: 'GET',
      path: `${base}/admin/replicas`,
      handle: endpoint(context, { right: 'read', action: 'read-replicas', handle: readReplicas }),
    },
  ];
}

/** Tokens of a session, a user or a client, or one token, are dead from now on. 202: within two seconds everywhere. */
async function postRevocation({ context, request, operator, about }: OperatorRequest): Promise<HttpResponse> {
  const body = revocation.safeParse(await readJsonBody(request));
  if (!body.success) throw refuse('body-malformed', describe(body.error));
  const { kind, value, idp } = body.data;
  const now = context.now();
  const notBefore = body.data.notBefore ?? defaultNotBefore(kind, now);
  if (body.data.notBefore !== undefined && notBefore > now + context.config.skewSeconds) {
    throw refuse('body-malformed', 'notBefore lies ahead: tokens of the future cannot be revoked');
  }
  const app = kind === 'client' ? parseAppId(value) : undefined;
  about(app ?? kind);
  if (app !== undefined && !mayTouch(operator, app)) {
    throw new OperatorRefused(403, 'client-out-of-reach', operator.name);
  }
  const expiresAt = Math.ceil(now) + revocationLifetime(context);
  await revoke(
    context,
    { kind, value, idp, notBefore, expiresAt },
    { actor: `operator:${operator.name}`, action: 'revoke', ...(app === undefined ? {} : { app }), detail: { kind } },
  );
  return json(202, { kind, expires_at: expiresAt }, HEADERS);
}

async function rotateKeys({ context }: OperatorRequest): Promise<HttpResponse> {
  const { next } = await context.keys.rotateNow();
  return json(200, { next }, HEADERS);
}

/** The key signs no more and verifies nothing here; elsewhere it does as long as validators keep the published set. */
async function revokeKey({ context, params, about }: OperatorRequest): Promise<HttpResponse> {
  const kid = params['kid'] ?? '';
  about(kid);
  const outcome = await context.keys.revoke(kid);
  if (!outcome.revoked) throw refuse('key-unknown', 'there is no such key');
  const { active, worstCaseSeconds } = outcome;
  return json(200, { kid, active, accepted_elsewhere_for_seconds: worstCaseSeconds }, HEADERS);
}

async function readReplicas({ context: { registry } }: OperatorRequest): Promise<HttpResponse> {
  const replicas = await registry.replicas.live();
  const rows = replicas.map(({ id, version, keyVersion, leaseUntil }) => ({
    id,
    version,
    key_version: keyVersion,
    lease_until: leaseUntil,
  }));
  return json(200, { version: registry.snapshot().version, replicas: rows }, HEADERS);
}

function describe(error: z.ZodError): string {
  const [issue] = error.issues;
  return issue === undefined ? 'the body is not as expected' : `${issue.path.join('.') || 'body'}: ${issue.message}`;
}
