import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { AppId } from '../registry/app-id.ts';

/** Where one app lives on this machine: three ports of its own, stable from its first start on. */
export interface AppPorts {
  readonly ingress: number;
  readonly app: number;
  readonly sidecar: number;
}

const FIRST = 7500;
/** Ten ports a block keep the numbers easy to remember, and keep clear of 7564 to 7566, which login proxies use in a pod. */
const BLOCK = 10;

/** Gives each app its block in the order in which apps were first seen; the order is kept in `file`. */
export function createPortBook(file: string, offset: number): (app: AppId) => AppPorts {
  const order = readOrder(file);
  return (app) => {
    if (!order.includes(app)) {
      order.push(app);
      writeOrder(file, order);
    }
    const base = FIRST + offset + BLOCK * order.indexOf(app);
    return { ingress: base, app: base + 1, sidecar: base + 2 };
  };
}

function readOrder(file: string): string[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
  const order: unknown = JSON.parse(text);
  if (!Array.isArray(order) || !order.every((app) => typeof app === 'string')) {
    throw new Error(
      `${file} is damaged: it should hold a list of app ids. Mend it, or move it away to number the apps anew`,
    );
  }
  return order;
}

function writeOrder(file: string, order: readonly string[]): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, `${JSON.stringify(order, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
