import { appId } from '../../registry/app-id.ts';
import type { App } from '../../registry/model.ts';
import type { World } from './world.ts';

/** One more app, like those that a world has. */
export function anotherApp(world: World, name: string): App {
  const [like] = world.deps.registry.snapshot().apps();
  if (like === undefined) throw new Error('a world has apps');
  return { ...like, id: appId('local', 'demo', name), uid: `uid-${name}` };
}

/** Changes the registry of a running world; it is in memory, and has changed when the call returns. */
export function changeRegistry(world: World, change: Parameters<World['deps']['registry']['commit']>[1]): void {
  const { registry } = world.deps;
  const { version } = registry.snapshot();
  void registry.commit(version, change);
  if (registry.snapshot().version !== version + 1) throw new Error('the registry changed meanwhile');
}
