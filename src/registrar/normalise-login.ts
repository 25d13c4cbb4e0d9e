import { resolve } from 'node:path';
import type { LoginSpec } from '../registry/model.ts';
import { isPathGlob } from './fields/forms.ts';
import type { RawLevel, RawLogin } from './fields/login.ts';
import { present } from './normalising.ts';
import type { Normalising } from './normalising.ts';
import { complainAt, positionOf } from './reading.ts';
import { member, textOf } from './tree.ts';

type Written = { readonly path: string; readonly login: RawLogin };

const LEVELS: Readonly<Record<RawLevel, string>> = {
  'idporten-loa-high': 'idporten-loa-high',
  'idporten-loa-substantial': 'idporten-loa-substantial',
  Level3: 'idporten-loa-substantial',
  Level4: 'idporten-loa-high',
};
const PROBES = ['liveness', 'readiness', 'prometheus'];

/** The one login of an app, whichever of the spellings it has; undefined without one. */
export function normaliseLogin(from: Normalising): LoginSpec | undefined {
  const written = spellings(from);
  const [first, second] = written;
  if (first === undefined) return undefined;
  const { reading, raw, envelope } = from;
  if (envelope.flavour === 'naisjob') {
    complainAt(reading, first.path, { type: 'Info', code: 'ignored-field', message: 'a job has no login' });
    return undefined;
  }
  if (second !== undefined) {
    const [one, other] = [positionOf(reading, first.path), positionOf(reading, second.path)];
    const message = `two logins: ${first.path} in line ${one.line}, ${second.path} in line ${other.line}`;
    complainAt(reading, second.path, { type: 'Error', code: 'conflict', message });
  }
  if ((raw.ingresses ?? []).length === 0) {
    const message = 'a login needs at least one ingress';
    complainAt(reading, 'spec.ingresses', { type: 'Error', code: 'missing-field', message, hint: `see ${first.path}` });
  }
  return build(first, from);
}

function spellings({ raw }: Normalising): readonly Written[] {
  const { login, azure, idporten } = raw;
  const written: Written[] = [];
  if (login !== undefined) written.push({ path: 'spec.login', login });
  if (azure?.sidecar?.enabled === true) {
    written.push({ path: 'spec.azure.sidecar', login: { ...azure.sidecar, provider: 'azure' } });
  }
  if (idporten?.sidecar?.enabled === true) {
    written.push({ path: 'spec.idporten.sidecar', login: { ...idporten.sidecar, provider: 'idporten' } });
  }
  return written;
}

function build({ path, login }: Written, from: Normalising): LoginSpec | undefined {
  const { reading } = from;
  if (login.provider === undefined) return undefined;
  const autoLogin = login.autoLogin ?? login.enforce?.enabled ?? false;
  const exempt = login.autoLoginIgnorePaths ?? login.enforce?.excludePaths ?? [];
  if (!autoLogin && exempt.length > 0) {
    const message = 'paths are exempt from nothing: autoLogin is off';
    complainAt(reading, `${path}.autoLoginIgnorePaths`, { type: 'Error', code: 'conflict', message });
  }
  const isIdporten = login.provider === 'idporten';
  for (const name of ['level', 'locale'] as const) {
    if (isIdporten || login[name] === undefined) continue;
    const message = `${name} belongs to a login with idporten`;
    complainAt(reading, `${path}.${name}`, { type: 'Error', code: 'conflict', message });
  }
  const openid = login.provider === 'openid' ? openidOf(path, login, from) : undefined;
  if (login.provider === 'openid' && openid === undefined) return undefined;
  return {
    provider: login.provider,
    ...(isIdporten ? { level: LEVELS[login.level ?? 'idporten-loa-high'], locale: login.locale ?? 'nb' } : {}),
    autoLogin,
    autoLoginIgnorePaths: autoLogin ? [...exempt, ...probePaths(from)] : [],
    ...present({ openid }),
  };
}

function openidOf(path: string, login: RawLogin, { reading, options, envelope }: Normalising): LoginSpec['openid'] {
  const raw = login.openid;
  if (raw?.wellKnownURL === undefined) {
    const type = envelope.flavour === 'fullmakt' ? 'Error' : 'Warning';
    const message = 'a login with openid needs openid.wellKnownURL';
    if (raw === undefined) complainAt(reading, `${path}.openid`, { type, code: 'missing-field', message });
    return undefined;
  }
  const file = raw.credentialsFrom?.file;
  return {
    ...(file === undefined ? {} : { credentialsFile: resolve(options.folder, file) }),
    wellKnownUrl: raw.wellKnownURL,
    scopes: raw.scopes ?? ['openid'],
    audiences: raw.audiences ?? [],
  };
}

/** A pasted NAIS Application keeps its probes reachable without a login. */
function probePaths({ tree, envelope }: Normalising): readonly string[] {
  if (envelope.flavour !== 'nais') return [];
  return PROBES.map((name) => textOf(member(member(tree, name), 'path'))).filter(
    (path): path is string => path !== undefined && isPathGlob(path) && !path.includes('*'),
  );
}
