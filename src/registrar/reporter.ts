import type { Emit } from '../observe/events.ts';
import type { AppId } from '../registry/app-id.ts';
import type { Snapshot } from '../registry/model.ts';
import type { Applied } from './apply.ts';
import type { RegistrarEvent } from './events.ts';
import { ownApps } from './foreign.ts';
import { formatProblem } from './problem.ts';
import type { Problem } from './problem.ts';
import { removeOtherStatus, statusOf, writeStatus } from './status.ts';
import type { AppProblem } from './validate.ts';

/** Tells what happened: events for people and audit, one status file per app. */
export interface Reporter {
  /** Problems are told once, and again only after they were gone. */
  problems(problems: readonly AppProblem[]): void;
  applied(applied: Applied, version: number, seconds: number): void;
  status(snapshot: Snapshot, present: ReadonlySet<AppId>, problems: readonly AppProblem[]): Promise<void>;
}

/** Writes status files below `stateDir`. */
export function createReporter(stateDir: string, emit: Emit<RegistrarEvent>): Reporter {
  let told = new Set<string>();
  let heldBefore = '';
  return {
    problems(problems) {
      const now = new Set<string>();
      for (const { problem } of problems) {
        const text = formatProblem(problem);
        if (!told.has(text) && !now.has(text)) tell(problem, text, emit);
        now.add(text);
      }
      told = now;
    },
    applied(applied, version, seconds) {
      const held = applied.held.join();
      if (held !== '' && held !== heldBefore) emit({ event: 'prune.held', apps: applied.held });
      heldBefore = held;
      if (!applied.wrote) return;
      const { created, changed, removed } = applied.plan;
      for (const { app, provider, kid, state } of applied.made)
        emit({ event: 'key.created', app, provider, kid, state });
      for (const edge of applied.gains) emit({ event: 'access.gained', ...edge });
      for (const edge of applied.loses) emit({ event: 'access.lost', ...edge });
      const counts = { created: created.length, changed: changed.length, removed: removed.length };
      emit({ event: 'plan.applied', version, ...counts, seconds });
    },
    status: async (snapshot, present, problems) => {
      const byApp = Map.groupBy(problems, ({ id }) => id);
      const apps = new Set<AppId>([...present, ...ownApps(snapshot).map((app) => app.id)]);
      const writes = [...apps].map((id) => {
        const own = (byApp.get(id) ?? []).map(({ problem }) => problem);
        return writeStatus(stateDir, id, statusOf(id, snapshot, own));
      });
      await Promise.all(writes);
      await removeOtherStatus(stateDir, apps);
    },
  };
}

function tell(problem: Problem, text: string, emit: Emit<RegistrarEvent>): void {
  if (problem.type === 'Info') return;
  const { code, file, line, column } = problem;
  const event = problem.type === 'Error' ? 'manifest.invalid' : 'manifest.warned';
  emit({ event, text, code, file, line, column });
}
