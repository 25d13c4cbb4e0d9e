import { readdirSync, readFileSync } from 'node:fs';

/** What Linux tells of a process: the same for every server, whoever wrote it. */

const MICROS = 1000;
const MEBIBYTE_IN_KIB = 1024;

/** The process and those it started. */
export function processTree(pid: number): readonly number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return [pid, ...children.split(' ').flatMap((child) => (child === '' ? [] : processTree(Number(child))))];
}

/** Time on a processor so far, of all threads. */
export function processCpuMicros(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.reduce((sum, thread) => sum + threadMicros(pid, thread), 0);
}

/** Memory in use now, in MiB. */
export function residentMebibytes(pid: number): number {
  const found = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(found) / MEBIBYTE_IN_KIB;
}

function threadMicros(pid: number, thread: string): number {
  const [nanos] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ');
  return Number(nanos) / MICROS;
}
