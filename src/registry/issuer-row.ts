/** An issuer of subject tokens that TokenX trusts. What is asked of its tokens is TokenX's own affair: `settings` is JSON that it wrote. */
export interface IssuerRow {
  readonly name: string;
  /** A disabled issuer is treated as an unknown one on every path. */
  readonly state: 'active' | 'disabled';
  readonly settings: Readonly<Record<string, unknown>>;
}
