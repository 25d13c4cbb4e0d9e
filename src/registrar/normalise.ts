import { resolve } from 'node:path';
import { splitAppId } from '../registry/app-id.ts';
import type { AppSpec } from '../registry/model.ts';
import type { RawDev } from './fields/workload.ts';
import { normaliseInbound, normaliseOutbound } from './normalise-policy.ts';
import { normaliseLogin } from './normalise-login.ts';
import { normaliseAzure, normaliseIdporten, normaliseMaskinporten, normaliseTokenx } from './normalise-providers.ts';
import { present } from './normalising.ts';
import type { Normalising } from './normalising.ts';
import { complainAt } from './reading.ts';

const DEFAULT_PORT = 8080;

/** Folds NAIS spellings in, sets defaults, checks fields against each other. */
export function normalise(from: Normalising): AppSpec {
  const { raw, envelope, options } = from;
  const isJob = envelope.flavour === 'naisjob';
  const { namespace, name } =
    envelope.id === undefined ? { namespace: options.namespace ?? '', name: '' } : splitAppId(envelope.id);
  const own = { cluster: options.cluster, namespace };
  const login = normaliseLogin(from);
  const port = raw.port ?? raw.upstream?.port ?? DEFAULT_PORT;
  checkPorts(from);
  const parts = {
    dev: raw.dev === undefined ? undefined : normaliseDev(raw.dev, options.folder),
    image: raw.image,
    login,
    azure: normaliseAzure(from, login),
    idporten: normaliseIdporten(raw, login),
    tokenx: normaliseTokenx(from),
    maskinporten: normaliseMaskinporten(from, namespace),
  };
  return {
    ingresses: isJob ? [] : (raw.ingresses ?? []),
    port,
    upstream: { host: raw.upstream?.host ?? '127.0.0.1', port },
    identity: {
      mode: raw.identity?.mode ?? (envelope.flavour === 'fullmakt' ? 'workload' : options.naisIdentityMode),
      serviceAccount: raw.identity?.serviceAccount ?? name,
    },
    inbound: normaliseInbound(from, own),
    outbound: normaliseOutbound(from, own),
    ...present(parts),
  };
}

function checkPorts({ raw, reading }: Normalising): void {
  const upstream = raw.upstream?.port;
  if (raw.port === undefined || upstream === undefined || raw.port === upstream) return;
  const message = `spec.port is ${raw.port}, spec.upstream.port is ${upstream}: set one of them`;
  complainAt(reading, 'spec.upstream.port', { type: 'Error', code: 'conflict', message });
}

function normaliseDev(dev: RawDev, folder: string): AppSpec['dev'] {
  if (dev.command === undefined || dev.command.length === 0) return undefined;
  return { command: dev.command, cwd: resolve(folder, dev.cwd ?? '.'), env: dev.env ?? {} };
}
