/** Settings that cannot be used, every one of them named. */
export class Misconfigured extends Error {
  readonly exitCode: number = 78;
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}
