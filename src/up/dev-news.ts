import type { KeeperNews } from './keeper-protocol.ts';

/** What became of the dev commands, told to the person and kept for the summary. */
export interface DevNews {
  readonly hear: (news: KeeperNews) => void;
  /** The programs beside the app could not start, so the app itself was not started either. */
  readonly failed: (app: string, why: string) => void;
  /** `running`, or why not. */
  readonly state: (app: string) => string;
  /** Aborts when the app will not come: its program is missing, or it was stopped. */
  readonly givenUp: (app: string) => AbortSignal;
}

/** A new record. */
export function createDevNews(notice: (line: string) => void): DevNews {
  const states = new Map<string, string>();
  const gaveUp = new Map<string, AbortController>();
  const controller = (app: string): AbortController => {
    const known = gaveUp.get(app) ?? new AbortController();
    gaveUp.set(app, known);
    return known;
  };
  return {
    state: (app) => states.get(app) ?? 'starting',
    givenUp: (app) => controller(app).signal,
    failed: (app, why) => {
      states.set(app, `not started: ${why}`);
      notice(`[${shortName(app)}] not started: ${why}`);
      controller(app).abort();
    },
    hear: (news) => {
      switch (news.kind) {
        case 'started':
          states.set(news.app, 'running');
          return;
        case 'output':
          notice(`[${shortName(news.app)}] ${news.text}`);
          return;
        case 'missing':
          states.set(news.app, `not started: ${news.program} not found`);
          notice(`[${shortName(news.app)}] not started: ${news.program} not found`);
          controller(news.app).abort();
          return;
        case 'ended':
          states.set(news.app, `ended (${news.how}), tried again`);
          notice(`[${shortName(news.app)}] ended (${news.how}); starts again in ${news.againInMs / 1000} s`);
          return;
        case 'stopped':
          states.set(news.app, 'stopped');
          gaveUp.delete(news.app);
      }
    },
  };
}

function shortName(app: string): string {
  return app.split(':').slice(1).join('/');
}
