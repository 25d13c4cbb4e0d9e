import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isJsonObject } from '../../oauth/objects.ts';
import type { World } from './world.ts';

/** An answer of the control API. */
export interface ControlAnswer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** Calls the control API of a world with its token. A body is sent as JSON. */
export type Control = (method: string, path: string, body?: unknown) => Promise<ControlAnswer>;

/** A program that can read the state folder. */
export async function openControlOf(world: World): Promise<Control> {
  const token = (await readFile(join(world.stateDir, 'control-token'), 'utf8')).trim();
  const { origin } = world.listener('Control API');
  return async (method, path, body) => {
    const response = await fetch(`${origin}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(20_000),
    });
    const text = await response.text();
    const value: unknown = text === '' ? {} : JSON.parse(text);
    assert.ok(isJsonObject(value), `${method} ${path} answers an object`);
    return { status: response.status, body: value };
  };
}

/** A list in an answer, each an object. */
export function listOf(answer: ControlAnswer, name: string): readonly Record<string, unknown>[] {
  const list = answer.body[name];
  assert.ok(Array.isArray(list), `${name} is a list`);
  return list.map((each) => {
    assert.ok(isJsonObject(each));
    return each;
  });
}
