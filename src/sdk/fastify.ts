import type { FastifyInstance, FastifyPluginAsync, FastifyRequest, RouteOptions } from 'fastify';
import { ConfigError } from './config-error.ts';
import type { Fullmakt } from './fullmakt.ts';
import type { Guard } from './guards/guard.ts';
import { attachedPrincipal, authenticateOnce } from './http/attached.ts';
import { refuse } from './http/refusal.ts';
import type { AdapterOptions } from './http/refusal.ts';
import { checkAdapterOptions, checkAuth } from './http/mounted.ts';
import type { Principal } from './principal.ts';

export type { AdapterOptions } from './http/refusal.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call the route; judged by `@fullmakt/sdk`. */
    guard?: Guard;
    /** Anyone may call the route, without a token. */
    public?: true;
  }
}

type PluginOptions = { readonly auth: Fullmakt } & AdapterOptions;

/** Columns before the name of what lies directly below the root. */
const FIRST_BRANCH = 8;
const SEEN: unique symbol = Symbol('fullmakt.fastify');

/**
 * Protects every route of the instance it is registered on and of its children, by `config: { guard }`; a route that
 * needs no token says `config: { public: true }`. Await it before the first route: start fails with ConfigError for a route with
 * neither, for one with both, and for one that was there before. Requests no route fits are 404 for everyone. `OPTIONS *`, which
 * CORS plugins add for preflight requests, needs neither: register those first, so that refusals have their headers too. Other
 * plugins that make routes of their own, which have no guard, come after a scope of its own for this one.
 */
export const fullmakt: FastifyPluginAsync<PluginOptions> = Object.assign(
  async (instance: FastifyInstance, options: PluginOptions): Promise<void> => {
    const { auth } = options;
    checkAuth(auth);
    checkAdapterOptions(options);
    refuseEarlierRoutes(instance);
    instance.addHook('onRoute', (route) => {
      if (isPreflight(route.method.toString(), route.url)) return;
      const name = `${route.method.toString()} ${route.url}`;
      const guard = guardOf(route.config, name);
      if (guard !== undefined) checkRoute(auth, guard, name);
    });
    instance.addHook('onRequest', async (request, reply) => {
      const { config, url = 'a route' } = request.routeOptions;
      if (request.is404 || isPreflight(request.method, url)) return;
      const guard = guardOf(config, url);
      if (guard === undefined) return;
      const outcome = await authenticateOnce(request, request.raw, { auth, guard });
      if (outcome.ok) return;
      const { status, headers, body } = refuse(outcome.error, options);
      // Bytes, for text would be given a charset.
      await reply.code(status).headers(headers).send(Buffer.from(body));
    });
  },
  // What `fastify-plugin` sets: the hooks belong to the instance the plugin is registered on, not to a child of it.
  { [Symbol.for('skip-override')]: true, [Symbol.for('plugin-meta')]: { name: '@fullmakt/sdk', fastify: '>=5' } },
);

/** Who called, as the guard's type. Throws ConfigError where nothing protected the route, AuthError where the guard refuses. */
export function principalOf<T extends Principal>(request: FastifyRequest, guard: Guard<T>): T {
  return attachedPrincipal(request, guard);
}

/** The guard of a route, undefined for a public one. Throws ConfigError for a route that says neither or both. */
function guardOf(config: RouteOptions['config'], route: string): Guard | undefined {
  const { guard, public: open } = config ?? {};
  if (guard === undefined && open === true) return undefined;
  if (guard !== undefined && open === undefined) return guard;
  throw new ConfigError([`${route}: config needs either a guard or public: true`]);
}

/** Throws ConfigError, with the name of the route, where its guard cannot work. */
function checkRoute(auth: Fullmakt, guard: Guard, route: string): void {
  try {
    auth.checkGuard(guard);
  } catch (error) {
    if (error instanceof ConfigError) throw new ConfigError(error.findings.map((finding) => `${route}: ${finding}`));
    throw error;
  }
}

/** A question of a browser before a request to another origin (Fetch 3.3.5). It never brings a token, so a guard would refuse it always. */
function isPreflight(method: string, url: string): boolean {
  return method === 'OPTIONS' && url === '*';
}

/** Hooks do not see the routes that were added before them; a second plugin of ours finds those of the first, which are judged. */
function refuseEarlierRoutes(instance: FastifyInstance): void {
  if (Reflect.has(instance.server, SEEN)) return;
  Reflect.set(instance.server, SEEN, true);
  // The tree of routes has methods behind each, and a `*` of its own below its root.
  const earlier = instance.printRoutes().replace('(empty root node)', '').split('\n');
  const unseen = earlier.filter((line) => line.includes(' (') && line.slice(FIRST_BRANCH) !== '* (OPTIONS)');
  if (unseen.length > 0) {
    throw new ConfigError([
      'routes were added before the plugin: await app.register(fullmakt, …) comes before the first of them',
    ]);
  }
}
