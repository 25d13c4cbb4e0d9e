/** The store could not do what it was asked: it is full, busy, closed, unreachable or unwritable. Nothing is known about the key. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}

/** The store's file is not one this program can read. It is left exactly as it was found; a person has to decide. */
export class StoreDamaged extends Error {
  override readonly name = 'StoreDamaged';
  readonly file: string;

  constructor(file: string, what: string, options?: ErrorOptions) {
    super(
      `the store file ${file} ${what}; it was left as it is: restore it from a backup, or move it away to start empty`,
      options,
    );
    this.file = file;
  }
}
