import type { Route } from '../../web/router.ts';
import { tokenHash } from '../journal.ts';
import type { IssuedToken } from '../journal.ts';
import { queryOf, route } from './context.ts';
import type { ControlContext } from './context.ts';
import { ControlProblem } from './problem.ts';

/** `GET /v1/issued`: the last tokens, by header, claims and hash; themselves only with `raw=1`. */
export function issuedRoutes({ stage }: ControlContext): readonly Route[] {
  return [
    route('GET', '/v1/issued', (request) => {
      const [persona, client, sub, since] = ['persona', 'client', 'sub', 'since'].map((name) => queryOf(request, name));
      const from = since === undefined ? 0 : readTime(since);
      const raw = queryOf(request, 'raw') === '1';
      const found = stage.journal
        .issued()
        .filter((token) => persona === undefined || token.persona === persona)
        .filter((token) => client === undefined || token.client === client)
        .filter((token) => sub === undefined || token.claims['sub'] === sub)
        .filter(({ time }) => time >= from);
      return { issued: found.map((token) => show(token, raw)) };
    }),
  ];
}

function show({ raw, ...token }: IssuedToken, withRaw: boolean): unknown {
  return { ...token, sha256: tokenHash(raw), ...(withRaw ? { raw } : {}) };
}

/** Seconds since the epoch, or RFC 3339. */
function readTime(text: string): number {
  const seconds = /^\d{1,12}(\.\d{1,6})?$/.test(text) ? Number(text) : Date.parse(text) / 1000;
  if (Number.isFinite(seconds)) return seconds;
  throw new ControlProblem('unprocessable', 'since: seconds since the epoch or an RFC 3339 time', 'since');
}
