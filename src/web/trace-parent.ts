/** Version, trace id, parent id, flags; a later version may go on after them (W3C Trace Context 3.2.2). */
const TRACE_PARENT = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})[\da-f]{16}-[\da-f]{2}(?=$|-)(.*)$/;

/** The trace a request belongs to, from its `traceparent` header; undefined when there is no good one (W3C Trace Context). */
export function traceIdOf(header: string | readonly string[] | undefined): string | undefined {
  const found = typeof header === 'string' && header.length <= 256 ? TRACE_PARENT.exec(header) : undefined;
  const isKnownForm = found?.[2] === '' || found?.input.startsWith('00') === false;
  return isKnownForm ? found?.[1] : undefined;
}
