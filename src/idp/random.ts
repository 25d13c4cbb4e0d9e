import { randomFillSync } from 'node:crypto';

/** Random bytes as base64url text: ids that nobody can guess. */
export type Random = (bytes: number) => string;

const STOCK_BYTES = 4096;

/** Fetches random bytes in stock, for each fetch costs more than a small id is worth. Nothing is given out twice, or kept once it is out. */
export function createRandom(): Random {
  const stock = Buffer.alloc(STOCK_BYTES);
  let used = STOCK_BYTES;
  return (bytes) => {
    if (bytes > STOCK_BYTES) throw new RangeError(`more than ${STOCK_BYTES} bytes at once`);
    if (used + bytes > STOCK_BYTES) {
      randomFillSync(stock);
      used = 0;
    }
    const text = stock.toString('base64url', used, used + bytes);
    stock.fill(0, used, used + bytes);
    used += bytes;
    return text;
  };
}
