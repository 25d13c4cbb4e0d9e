/** Version, trace id, parent id, flags; a later version may go on after them (W3C Trace Context 3.2.2). */
const TRACE_PARENT = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(?=$|-)(.*)$/;
/** Visible characters and blanks, as many as have to be passed on (W3C Trace Context 3.3.1.5). */
const TRACE_STATE = /^[\u0021-\u007e][\u0020-\u007e]{0,510}[\u0021-\u007e]$/;

/** Where a request says that it comes from. */
export interface TraceParent {
  readonly traceId: string;
  readonly spanId: string;
  readonly sampled: boolean;
  /** `tracestate`, if it is one. */
  readonly state: string | undefined;
}

/** The span a request was made in, from `traceparent` and `tracestate`; undefined when there is no good one. */
export function traceParentOf(headers: {
  readonly traceparent?: string | readonly string[] | undefined;
  readonly tracestate?: string | readonly string[] | undefined;
}): TraceParent | undefined {
  const { traceparent, tracestate } = headers;
  const found = typeof traceparent === 'string' && traceparent.length <= 256 ? TRACE_PARENT.exec(traceparent) : null;
  const [input = '', traceId = '', spanId = '', flags = '', rest] = found ?? [];
  if (found === null || (rest !== '' && input.startsWith('00'))) return undefined;
  const state = typeof tracestate === 'string' && TRACE_STATE.test(tracestate) ? tracestate : undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1, state };
}

/** The trace a request belongs to, from its `traceparent` header; undefined when there is no good one (W3C Trace Context). */
export function traceIdOf(header: string | readonly string[] | undefined): string | undefined {
  return header === undefined ? undefined : traceParentOf({ traceparent: header })?.traceId;
}
