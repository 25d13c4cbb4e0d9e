/** What is asked for; nothing of it is judged yet. */
export type Asked = AskedForUser | AskedForItself;

/** A token for the user of another token (RFC 8693 2.1). */
export interface AskedForUser {
  readonly grant: 'token-exchange';
  readonly subjectToken: string;
  readonly subjectTokenType: string;
  readonly actor: AskedActor | undefined;
  readonly audience: string | undefined;
  readonly resource: string | undefined;
  readonly scope: string | undefined;
  readonly issuedTokenType: string;
}

/** The token of who acts, and its type. */
export interface AskedActor {
  readonly token: string;
  readonly type: string;
}

/** A token for the caller itself (RFC 6749 4.4.2). */
export interface AskedForItself {
  readonly grant: 'client_credentials';
  readonly audience: string | undefined;
  readonly resource: string | undefined;
  readonly scope: string | undefined;
}
