import type { App, Grant } from './model.ts';
import type { PersistentMap } from './persistent-map.ts';

const NONE: readonly string[] = [];

/** Reads grants from JSON. What a million of them have in common (names, files, empty lists) is kept once. */
export function createGrantReader(apps: PersistentMap<App>): (json: string) => Grant {
  const words = new Map<string, string>();
  const once = (word: string): string => {
    const known = words.get(word);
    if (known === undefined) words.set(word, word);
    return known ?? word;
  };
  const list = (names: readonly string[]): readonly string[] => (names.length === 0 ? NONE : names.map(once));
  return (json) => {
    const { target, consumer, roles, scopes, position }: Grant = JSON.parse(json);
    return {
      target: apps.get(target)?.id ?? target,
      consumer: { cluster: once(consumer.cluster), namespace: once(consumer.namespace), name: once(consumer.name) },
      roles: list(roles),
      scopes: list(scopes),
      position: { ...position, file: once(position.file), path: once(position.path) },
    };
  };
}
