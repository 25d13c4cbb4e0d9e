/** What `up` tells its keeper. The keeper owns the dev processes, so that they end with `up` whatever ends `up`. */
export type KeeperOrder =
  | { readonly kind: 'start'; readonly app: string; readonly launch: Launch }
  | { readonly kind: 'stop'; readonly app: string };

/** One dev command: a list is run as it is; a text without shell signs is split at blanks, any other goes to the shell. */
export interface Launch {
  readonly command: string | readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What the keeper tells `up`. */
export type KeeperNews =
  | { readonly kind: 'started'; readonly app: string; readonly pid: number }
  | { readonly kind: 'output'; readonly app: string; readonly text: string }
  | { readonly kind: 'missing'; readonly app: string; readonly program: string }
  | { readonly kind: 'ended'; readonly app: string; readonly how: string; readonly againInMs: number }
  | { readonly kind: 'stopped'; readonly app: string };
