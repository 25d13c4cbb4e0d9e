import { sidecarSettings } from '../config.ts';
import type { SidecarConfig } from '../config.ts';

/** Settings that requests ask for anew; those of providers are named as their variables are. */
const LIVE: ReadonlySet<string> = new Set<keyof SidecarConfig>([
  'jsonOnly',
  'targets',
  'leewaySeconds',
  'validateUserToken',
  'introspectionCacheSeconds',
]);

/** The variables that differ between two configurations and only take effect at a start: listeners, bounds of caches. */
export function needRestart(before: SidecarConfig, after: SidecarConfig): readonly string[] {
  const [one, other] = [new Map(Object.entries(before)), new Map(Object.entries(after))];
  return Object.entries<{ readonly env: string }>({ ...sidecarSettings }).flatMap(([member, { env }]) => {
    const isLive = member === env || LIVE.has(member);
    return isLive || JSON.stringify(one.get(member)) === JSON.stringify(other.get(member)) ? [] : [env];
  });
}
