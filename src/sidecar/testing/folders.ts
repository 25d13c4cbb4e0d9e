import { randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Timers } from '../reload/timers.ts';

/** A folder that is gone with the test. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'fullmakt-sidecar-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes variables one by one into a plain folder. */
export async function writeVariables(folder: string, variables: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(folder, { recursive: true });
  await Promise.all(Object.entries(variables).map(([name, value]) => writeFile(join(folder, name), value)));
}

/** Shows them the way Kubernetes mounts a Secret: in a folder of this version, behind `..data`, which is swapped. */
export async function mountVariables(folder: string, variables: Readonly<Record<string, string>>): Promise<void> {
  const version = `..${randomUUID()}`;
  await writeVariables(join(folder, version), variables);
  await symlink(version, join(folder, '..data_tmp'));
  await rename(join(folder, '..data_tmp'), join(folder, '..data'));
  for (const name of Object.keys(variables)) {
    await symlink(join('..data', name), join(folder, name)).catch(() => {});
  }
}

/** Timers that go off when the test says so. */
export interface ManualTimers extends Timers {
  /** What waits now, once or again and again, by its milliseconds. */
  readonly waiting: () => readonly number[];
  /** Lets everything go off that waits for exactly so long. */
  fire(milliseconds: number): void;
}

/** Makes them. */
export function manualTimers(): ManualTimers {
  const once = new Map<object, { readonly milliseconds: number; readonly run: () => void }>();
  const often = new Map<object, { readonly milliseconds: number; readonly run: () => void }>();
  return {
    after(milliseconds, run) {
      const id = {};
      once.set(id, { milliseconds, run });
      return () => void once.delete(id);
    },
    every(milliseconds, run) {
      const id = {};
      often.set(id, { milliseconds, run });
      return () => void often.delete(id);
    },
    waiting: () => [...once.values(), ...often.values()].map(({ milliseconds }) => milliseconds),
    fire(milliseconds) {
      for (const [id, each] of once) {
        if (each.milliseconds !== milliseconds) continue;
        once.delete(id);
        each.run();
      }
      for (const each of often.values()) if (each.milliseconds === milliseconds) each.run();
    },
  };
}
