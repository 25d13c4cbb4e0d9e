/** Every fault of a local provider by which a token endpoint answers nothing that is of use. */
export const TROUBLES: readonly string[] = [
  'token-5xx',
  'token-5xx:500',
  'token-5xx:502',
  'token-5xx:504',
  'html-500',
  'reset',
  'half-body',
];
