/** The code of a fault, or its kind: messages hold addresses. */
export function faultOf(error: unknown): string {
  if (!(error instanceof Error)) return 'Error';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
