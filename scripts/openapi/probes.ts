import { ref } from './schema.ts';
import type { Part } from './schema.ts';

const OK: Part = { '200': { description: 'It runs.', content: { 'text/plain': { schema: { const: 'ok' } } } } };
const READY: Part = { anyOf: [ref('Readiness'), ref('DaemonReadiness'), ref('AppReadiness')] };

/** The probe listener has an address of its own. */
const SERVERS: readonly Part[] = [
  { url: 'http://{address}', description: 'PROBE_BIND_ADDRESS', variables: { address: { default: '127.0.0.1:7165' } } },
];

/** The paths of the probe listener. */
export const PROBES: Part = {
  '/': { servers: SERVERS, get: { operationId: 'root', tags: ['probes'], summary: 'Liveness', responses: OK } },
  '/healthz': {
    servers: SERVERS,
    get: { operationId: 'health', tags: ['probes'], summary: 'Liveness', responses: OK },
  },
  '/readyz': {
    servers: SERVERS,
    get: {
      operationId: 'ready',
      tags: ['probes'],
      summary: 'Readiness',
      parameters: [
        {
          name: 'app',
          in: 'query',
          description: 'In a daemon: <namespace>/<app>, that application alone.',
          schema: { type: 'string' },
        },
      ],
      responses: {
        '200': { description: 'Ready.', content: { 'application/json': { schema: READY } } },
        '404': { description: 'In a daemon: there is no such application.' },
        '503': {
          description: 'Not ready.',
          content: { 'application/json': { schema: { anyOf: [READY, ref('Stopping')] } } },
        },
      },
    },
  },
  '/metrics': {
    servers: SERVERS,
    get: {
      operationId: 'metrics',
      tags: ['probes'],
      summary: 'Figures',
      responses: {
        '200': { description: 'Prometheus text.', content: { 'text/plain': { schema: { type: 'string' } } } },
      },
    },
  },
};
