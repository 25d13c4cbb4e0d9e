/** The code of a fault or of what caused it, else its kind: messages hold addresses. */
export function faultOf(error: unknown): string {
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    if ('code' in each && typeof each.code === 'string') return each.code;
  }
  return error instanceof Error ? error.name : 'Error';
}
