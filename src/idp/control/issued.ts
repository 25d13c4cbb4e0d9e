import { z } from 'zod';
import type { Route } from '../../web/router.ts';
import { digest } from '../digest.ts';
import type { IssuedToken } from '../journal.ts';
import { queryOf, route, serviceOf } from './context.ts';
import type { ControlContext } from './context.ts';
import { ControlProblem } from './problem.ts';

/** `GET /v1/issued`: the last tokens, by header, claims and hash; themselves only with `raw=1`. */
export function issuedRoutes(context: ControlContext): readonly Route[] {
  return [
    route('GET', '/v1/issued', (request) => {
      const { persona, client, sub, since, raw } = queryOf(request, ['persona', 'client', 'sub', 'since', 'raw']);
      if (persona !== undefined) serviceOf(context, persona);
      const from = since === undefined ? Number.NEGATIVE_INFINITY : readTime(since);
      const found = context.stage.journal
        .issued()
        .filter((token) => persona === undefined || token.persona === persona)
        .filter((token) => client === undefined || token.client === client)
        .filter((token) => sub === undefined || token.claims['sub'] === sub)
        .filter(({ time }) => time >= from);
      return { issued: found.map((token) => show(token, raw === '1')) };
    }),
  ];
}

function show({ raw, ...token }: IssuedToken, withRaw: boolean): unknown {
  return { ...token, sha256: digest(raw), ...(withRaw ? { raw } : {}) };
}

/** Seconds since the epoch, or RFC 3339. */
function readTime(text: string): number {
  if (/^\d{1,12}(\.\d{1,6})?$/.test(text)) return Number(text);
  if (z.iso.datetime({ offset: true }).safeParse(text).success) return Date.parse(text) / 1000;
  throw new ControlProblem('unprocessable', 'since: seconds since the epoch or an RFC 3339 time', 'since');
}
