/** So long what is closed may take to end by itself. */
const LEFT_OVER_MS = 250;

/**
 * Runs a server until it is over, well or badly, and has the process end then, with the code that it has by that time: what still holds
 * it, a call that nobody answers or a connection of some library, is nobody's any more.
 */
export async function thenEnd<T>(serving: () => Promise<T>): Promise<T> {
  try {
    return await serving();
  } finally {
    setTimeout(() => process.exit(), LEFT_OVER_MS).unref();
  }
}

/** Closes a server. Whatever hangs, the process is gone after so many seconds: its platform would end it anyway. */
export async function closeWithin(seconds: number, close: () => Promise<void>): Promise<void> {
  const cut = setTimeout(() => process.exit(0), seconds * 1000);
  try {
    await close();
  } finally {
    clearTimeout(cut);
  }
}
