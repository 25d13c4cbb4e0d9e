/** How an answer of our own differs from the strictest one. */
export interface OwnAnswer {
  /** The policy of a page; without it nothing at all may load. */
  readonly csp?: string;
  /** `same-origin` for a page with a form, or its POST would carry `Origin: null`. */
  readonly referrer?: 'no-referrer' | 'same-origin';
  /** `allowed` only for a route that lives in an iframe. */
  readonly framing?: 'refused' | 'allowed';
}

/** The headers of every answer we make ourselves: not stored, not sniffed, not framed, no referrer. */
export function ownAnswerHeaders(options: OwnAnswer = {}): Record<string, string> {
  const policy = options.csp ?? "default-src 'none'; base-uri 'none'; frame-ancestors 'none'";
  return {
    'Cache-Control': 'no-store',
    'Content-Security-Policy':
      options.framing === 'allowed' ? policy.replace(/;? {0,4}frame-ancestors [^;]*/, '') : policy,
    'Referrer-Policy': options.referrer ?? 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
  };
}
