/** The global `fetch` at the time of the call: tests put another one in its place, often after the application was made. */
export const fetchOfNow: typeof globalThis.fetch = (input, init) => globalThis.fetch(input, init);
