import type { EventTable } from '../observe/events.ts';

/** What happens at the local identity providers. `reason` is ours; `number` is the provider's own. */
export type IdpEvent =
  | {
      readonly event: 'idp.signed_in';
      readonly persona: string;
      readonly client: string;
      readonly acr: string;
      readonly how: 'page' | 'hint' | 'session';
    }
  | {
      readonly event: 'idp.issued';
      readonly persona: string;
      readonly client: string;
      readonly grant: string;
      readonly kind: 'user' | 'machine';
    }
  | {
      readonly event: 'idp.refused';
      readonly persona: string;
      readonly endpoint: string;
      readonly client: string | undefined;
      readonly error: string;
      readonly number: string | undefined;
      readonly reason: string;
      /** The manifest change that would allow it, in one line. */
      readonly fix: string | undefined;
    }
  | {
      readonly event: 'idp.fault';
      readonly persona: string;
      readonly endpoint: string;
      readonly client: string | undefined;
      /** With its value: `skew:600`. */
      readonly fault: string;
    }
  | { readonly event: 'idp.signed_out'; readonly persona: string; readonly clients: number }
  | { readonly event: 'idp.logout_told'; readonly persona: string; readonly client: string }
  | {
      readonly event: 'idp.logout_untold';
      readonly persona: string;
      readonly client: string;
      /** What the client answered, or why nothing was sent. */
      readonly cause: string;
    }
  | { readonly event: 'idp.token_url_audience'; readonly persona: string; readonly client: string }
  | { readonly event: 'idp.person_skipped'; readonly line: number; readonly problem: string }
  | {
      readonly event: 'idp.client_skipped';
      readonly file: string;
      readonly line: number;
      /** Of the field, from the top of the file; empty where the file as a whole cannot be read. */
      readonly path: string;
      readonly problem: string;
    }
  | { readonly event: 'idp.failed'; readonly persona: string; readonly cause: string };

/** What each event becomes. */
export const idpEvents: EventTable<IdpEvent> = {
  'idp.signed_in': {
    level: 'info',
    counter: {
      name: 'fullmakt_idp_sign_ins_total',
      help: 'Sign-ins at a local identity provider.',
      labels: ['persona', 'how'],
    },
  },
  'idp.issued': {
    level: 'info',
    counter: {
      name: 'fullmakt_idp_tokens_total',
      help: 'Token answers of a local identity provider.',
      labels: ['persona', 'grant'],
    },
  },
  'idp.refused': {
    level: 'warn',
    counter: {
      name: 'fullmakt_idp_refusals_total',
      help: 'Refusals of a local identity provider.',
      labels: ['persona', 'endpoint', 'reason'],
    },
  },
  'idp.fault': {
    level: 'info',
    counter: {
      name: 'fullmakt_idp_faults_total',
      help: 'Faults that a local identity provider acted out on demand.',
      labels: ['persona', 'endpoint', 'fault'],
    },
  },
  'idp.signed_out': { level: 'info' },
  'idp.logout_told': { level: 'info' },
  'idp.logout_untold': { level: 'warn' },
  'idp.token_url_audience': { level: 'warn' },
  'idp.person_skipped': { level: 'warn' },
  'idp.client_skipped': { level: 'warn' },
  'idp.failed': { level: 'error' },
};
