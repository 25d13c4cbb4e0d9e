import type { Fetch } from '../oauth/fetch.ts';
import type { Tracer } from '../observe/tracing.ts';
import { scrubText } from '../observe/scrub.ts';
import { faultOf } from '../web/fault.ts';
import type { Handle } from '../web/http.ts';
import { traceParentOf } from '../web/trace-parent.ts';
import { providerOf, targetOf } from './wire/about.ts';

/** A span around each request, part of its caller's trace; only here is it told what a token was asked for. */
export function traceRequests(handle: Handle, label: (path: string) => string, tracer: Tracer): Handle {
  return (request) => {
    const route = label(request.path);
    const attributes = { 'http.request.method': request.method, 'http.route': route };
    const { traceparent, tracestate } = request.headers;
    const parent = traceParentOf({ traceparent: one(traceparent), tracestate: one(tracestate) });
    return tracer.span({ name: `${request.method} ${route}`, kind: 'server', attributes, parent }, async (span) => {
      const response = await handle(request);
      const [provider, target] = [providerOf(response), targetOf(response)];
      if (provider !== '') span.set('fullmakt.provider', provider);
      // Somebody may have put a token or a person's number there by mistake.
      if (target !== undefined) span.set('fullmakt.target', scrubText(target));
      span.set('http.response.status_code', response.status);
      if (response.status >= 500) span.end(String(response.status));
      return response;
    });
  };
}

/** A span around each call to a provider, whose place in the trace goes with it. */
export function traceCalls(fetch: Fetch, tracer: Tracer): Fetch {
  return (url, init = {}) => {
    const { hostname, protocol } = new URL(url);
    const method = init.method ?? 'GET';
    const attributes = {
      'http.request.method': method,
      'server.address': hostname,
      'url.scheme': protocol.slice(0, -1),
    };
    return tracer.span({ name: method, kind: 'client', attributes }, async (span) => {
      const headers = new Headers(init.headers);
      for (const [name, value] of Object.entries(tracer.headers())) headers.set(name, value);
      try {
        const response = await fetch(url, { ...init, headers });
        span.set('http.response.status_code', response.status);
        if (response.status >= 400) span.end(String(response.status));
        return response;
      } catch (error) {
        span.end(faultOf(error));
        throw error;
      }
    });
  };
}

function one(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined;
}
