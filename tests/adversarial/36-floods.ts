import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isFull } from './scale.ts';

/** How many requests a flood has, of ten kinds in turn. */
export const REQUESTS: number = isFull ? 1_000_000 : 20_000;
/** How many of them are on their way together. */
export const AT_ONCE = 16;
/** The header of every form. */
export const FORM: Readonly<Record<string, string>> = { 'content-type': 'application/x-www-form-urlencoded' };

/** Something that tells how many bytes are in use once all garbage is gone. */
export function createHeapMeter(): () => number {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  return () => {
    if (typeof collect !== 'function') throw new TypeError('there is no gc');
    collect();
    collect();
    return process.memoryUsage().heapUsed;
  };
}

/** A part of a JWT. */
export function segment(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
