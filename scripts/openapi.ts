import { ANSWERS } from './openapi/answers.ts';
import { API } from './openapi/api.ts';
import { OAUTH_REQUESTS } from './openapi/oauth-requests.ts';
import { PROBES } from './openapi/probes.ts';
import { READINESS } from './openapi/readiness.ts';
import { REQUESTS } from './openapi/requests.ts';
import type { Part } from './openapi/schema.ts';
import { STANDARD } from './openapi/standard.ts';

/** The sidecar's endpoints as an OpenAPI 3.1 document. A test holds it to the routes, the parsers and the answers. */
export function sidecarOpenapi(): Part {
  return {
    openapi: '3.1.1',
    info: {
      title: 'Fullmakt token sidecar',
      version: '1',
      description:
        'Tokens for one application, over loopback or a Unix socket. There is no authentication: whoever reaches the listener is the application.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [
      { url: 'http://{address}', description: 'BIND_ADDRESS', variables: { address: { default: '127.0.0.1:3000' } } },
    ],
    security: [],
    tags: [
      { name: 'api', description: 'JSON or form in, JSON out.' },
      {
        name: 'standard',
        description: 'For OAuth client libraries. Forms in, JSON out; what callers say of themselves is not looked at.',
      },
      { name: 'probes', description: 'On a listener of their own, where PROBE_BIND_ADDRESS is set.' },
    ],
    paths: { ...API, ...STANDARD, ...PROBES },
    components: { schemas: { ...REQUESTS, ...OAUTH_REQUESTS, ...ANSWERS, ...READINESS } },
  };
}

/** docs/sidecar-openapi.json: the document, in the form that `npm run format` leaves as it is. */
export function sidecarOpenapiFile(): string {
  return `${print(sidecarOpenapi(), 0, 0)}\n`;
}

const LINE = 120;

/** Lists of plain values are on one line where they fit; `before` is what stands on that line already. */
function print(value: unknown, depth: number, before: number): string {
  const pad = '  '.repeat(depth + 1);
  const end = `\n${'  '.repeat(depth)}`;
  if (Array.isArray(value)) {
    const flat = `[${value.map((each) => JSON.stringify(each)).join(', ')}]`;
    if (!value.some(isObject) && 2 * depth + before + flat.length < LINE) return flat;
    return `[${value.map((each) => `\n${pad}${print(each, depth + 1, 0)}`).join(',')}${end}]`;
  }
  if (!isObject(value)) return JSON.stringify(value);
  const members = Object.entries(value).filter(([, each]) => each !== undefined);
  if (members.length === 0) return '{}';
  const lines = members.map(([name, each]) => {
    const key = `${JSON.stringify(name)}: `;
    return `\n${pad}${key}${print(each, depth + 1, key.length)}`;
  });
  return `{${lines.join(',')}${end}}`;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
