import { delimiter, dirname } from 'node:path';
import { splitAppId } from '../registry/app-id.ts';
import type { App } from '../registry/model.ts';
import type { Environment } from '../settings.ts';
import type { AppEnvironments, WantedApp } from './apps.ts';
import type { Launch } from './keeper-protocol.ts';
import { compileCacheVariables } from './compile-cache.ts';
import type { AppPorts } from './ports.ts';

/** What is known of one app when its programs are to run. */
export interface AppFacts {
  readonly app: App;
  /** As the registrar wrote them. */
  readonly written: { readonly app: Environment; readonly sidecar: Environment; readonly login: Environment };
  readonly ingresses: readonly string[];
  readonly ports: AppPorts;
  /** What goes to the dev command beside the app's own variables: the terminal's environment. */
  readonly inherited: Environment;
  readonly sessionKey: string;
  readonly start: boolean;
}

/** Completes the variables with what only this machine knows: addresses, cookie names, the session key. */
export function wantedApp(facts: AppFacts): WantedApp {
  const { app, written } = facts;
  const environments: AppEnvironments = {
    app: defined(written.app),
    sidecar: { ...defined(written.sidecar), BIND_ADDRESS: `127.0.0.1:${facts.ports.sidecar}` },
    login: app.spec.login === undefined ? undefined : loginVariables(facts),
  };
  return { app, environments, launch: facts.start ? launchOf(facts, environments.app) : undefined };
}

function loginVariables({ app, written, ingresses, ports, sessionKey }: AppFacts): Record<string, string> {
  const { namespace, name } = splitAppId(app.id);
  const [first = `http://localhost:${ports.ingress}`] = ingresses;
  return {
    ...defined(written.login),
    FULLMAKT_LOGIN_INGRESS: ingresses.join(','),
    FULLMAKT_LOGIN_BIND_ADDRESS: new URL(first).host,
    FULLMAKT_LOGIN_METRICS_BIND_ADDRESS: 'none',
    FULLMAKT_LOGIN_UPSTREAM: `http://127.0.0.1:${ports.app}`,
    FULLMAKT_LOGIN_SESSION_KEYS: sessionKey,
    // All ingresses are on localhost, and cookies ignore ports: the names must differ by app.
    FULLMAKT_LOGIN_COOKIE_PREFIX: `fullmakt-${namespace}-${name}`,
    FULLMAKT_LOGIN_COOKIE_SECURE: 'false',
  };
}

function launchOf({ app, inherited }: AppFacts, own: Readonly<Record<string, string>>): Launch | undefined {
  const { dev } = app.spec;
  if (dev === undefined) return undefined;
  const surroundings = Object.entries(defined(inherited)).filter(([name]) => !name.startsWith('FULLMAKT_UP_'));
  // A dev command `node app.ts` must find this Node, not an older one that the machine came with.
  const path = [dirname(process.execPath), inherited['PATH']].filter(Boolean).join(delimiter);
  return {
    command: dev.command,
    cwd: dev.cwd,
    env: { ...compileCacheVariables(), ...Object.fromEntries(surroundings), PATH: path, ...own, ...dev.env },
  };
}

function defined(env: Environment): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
