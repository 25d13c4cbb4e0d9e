/** What is wrong with a configuration, all of it at once. Each finding names the variable, option or argument. */
export class ConfigError extends Error {
  readonly findings: readonly string[];

  constructor(findings: readonly string[]) {
    super(`Fullmakt is misconfigured:\n${findings.map((finding) => `- ${finding}`).join('\n')}`);
    this.name = 'ConfigError';
    this.findings = findings;
  }
}
