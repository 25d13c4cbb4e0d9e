/** In the year 5138; milliseconds passed it in 1973. */
const FAR_FUTURE = 1e11;

/** Options of which nobody knows yet whether they are of their types. */
interface Given {
  readonly fetch?: unknown;
  readonly onEvent?: unknown;
  readonly clock?: unknown;
  readonly explain?: unknown;
  readonly telemetry?: unknown;
}

/** Adds to `findings` what would show only when the first token comes, and then refuse every one. */
export function checkFunctions(options: Given, findings: string[]): void {
  for (const name of ['fetch', 'onEvent'] as const) {
    const given = options[name];
    if (given !== undefined && typeof given !== 'function') findings.push(`${name} has to be a function`);
  }
  checkTelemetry(options.telemetry, findings);
  if (!['undefined', 'boolean'].includes(typeof options.explain)) findings.push('explain has to be true or false');
  const fault = clockFault(options.clock);
  if (fault !== undefined) findings.push(fault);
}

/** What is wrong with a clock, which no compiler may have seen: one of milliseconds would find every token expired. */
export function clockFault(clock: unknown): string | undefined {
  if (clock === undefined) return undefined;
  if (typeof clock !== 'function') return 'clock has to be a function';
  const time: unknown = clock();
  const isTime = typeof time === 'number' && time >= 0 && time < FAR_FUTURE;
  return isTime ? undefined : 'clock has to give seconds since the epoch';
}

/** What nothing can be told to would stay silent for ever. */
function checkTelemetry(given: unknown, findings: string[]): void {
  if (given === undefined) return;
  if (typeof given !== 'object' || given === null) {
    findings.push('telemetry has to be the module @opentelemetry/api, or an object with trace or metrics of it');
    return;
  }
  for (const [name, method] of [
    ['trace', 'getTracer'],
    ['metrics', 'getMeter'],
  ] as const) {
    const api: unknown = Reflect.get(given, name);
    if (api === undefined) continue;
    const isApi = typeof api === 'object' && api !== null && typeof Reflect.get(api, method) === 'function';
    if (!isApi) findings.push(`telemetry.${name} has no ${method}: it is not the one of @opentelemetry/api`);
  }
}
