// The client's index also loads clustering, pushing and process metrics, ten times the start-up cost of these parts.
declare module '@prometheus-io/client/lib/registry.js' {
  import { Registry } from '@prometheus-io/client';
  export = Registry;
}
declare module '@prometheus-io/client/lib/counter.js' {
  import { Counter } from '@prometheus-io/client';
  export = Counter;
}
declare module '@prometheus-io/client/lib/gauge.js' {
  import { Gauge } from '@prometheus-io/client';
  export = Gauge;
}
