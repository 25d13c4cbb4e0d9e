/** A security decision could not be put on record, so it must not take effect: answer 503. */
export class AuditUnavailable extends Error {
  override readonly name = 'AuditUnavailable';
}

/** What keeps audit records, one line of JSON each, in the order they come. */
export interface AuditSink {
  /**
   * Keeps these lines, all or none as far as it can. A sink that is done on return gives nothing; another gives a promise
   * that resolves once they are as safe as it promises, and is not asked again before. Throws or rejects AuditUnavailable.
   */
  write(lines: readonly string[]): void | Promise<void>;
  /** Whether a record could be kept now, as far as can be told without writing one. */
  ready(): boolean | Promise<boolean>;
  /** Lets go of the file or connection; what was written stays. */
  close(): void | Promise<void>;
}
