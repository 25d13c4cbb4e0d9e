import { json } from '../web/http.ts';
import type { HttpRequest, HttpResponse } from '../web/http.ts';
import { about } from './wire/about.ts';
import { JSON_NO_STORE, providerUnavailable } from './wire/answers.ts';
import { findProvider } from './context.ts';
import type { SidecarContext } from './context.ts';
import { encodingOf, fieldsIn } from './wire/fields.ts';
import type { Encoding } from './wire/fields.ts';
import { parseIntrospectRequest } from './wire/requests.ts';
import type { IntrospectRequest } from './wire/requests.ts';
import { verdictOn } from './judge/verdict.ts';

const PATH = '/api/v1/introspect';

/** POST /api/v1/introspect: whether a JWT is one of this provider for this application (sidecar-sdk.md 3.5). Throws Undecodable and BodyTooLarge. */
export async function handleIntrospect(request: HttpRequest, context: SidecarContext): Promise<HttpResponse> {
  const encoding = encodingOf(request, context);
  const body = await request.body();
  if (context.results === undefined) return await judge(parseIntrospectRequest(fieldsIn(body, encoding)), context);
  const digest = context.bodies.digestOf(body);
  const known = answerKnown({ digest, encoding }, context);
  if (known !== undefined) return known;
  const wanted = parseIntrospectRequest(fieldsIn(body, encoding));
  return await judge(wanted, context, { digest, encoding });
}

/** The name of a request, in place of its words. */
interface Asked {
  readonly digest: string;
  readonly encoding: Encoding;
}

/** The verdict on what was asked before in these very words, where it still holds. */
function answerKnown({ digest, encoding }: Asked, { bodies, results, emit }: SidecarContext): HttpResponse | undefined {
  const known = bodies.find(digest, encoding);
  const answer = known === undefined ? undefined : results?.findByKey(known.key);
  if (known === undefined || answer === undefined) return undefined;
  const provider = known.provider.settings.name;
  emit({ event: 'sidecar.cache', path: PATH, provider, result: 'hit' });
  return active(provider, answer);
}

async function judge(
  { provider, token }: IntrospectRequest,
  context: SidecarContext,
  asked?: Asked,
): Promise<HttpResponse> {
  const found = findProvider(context, provider);
  if ('off' in found) return about(provider, json(200, { active: false, error: found.off }));
  const verdict = await verdictOn(token, found.provider, { context, path: PATH });
  if ('unavailable' in verdict) return about(provider, providerUnavailable(verdict.unavailable));
  if ('refused' in verdict) return about(provider, json(200, { active: false, error: verdict.refused }));
  const key = context.results?.keyOf(token, found.provider);
  if (key !== undefined && asked !== undefined) {
    context.bodies.keep(asked.digest, asked.encoding, { provider: found.provider, key });
  }
  return active(provider, verdict.active);
}

function active(provider: string, body: string): HttpResponse {
  return about(provider, { status: 200, headers: JSON_NO_STORE, body });
}
