/*
 * Node's HTTP without the facade that `import` puts before it: the facade reads every export, `WebSocket` among them, and that
 * loads all of Node's fetch, 30 ms at every start of every program.
 */

/** `node:http`. */
export const http: typeof import('node:http') = process.getBuiltinModule('node:http');

/** `node:https`. */
export const https: typeof import('node:https') = process.getBuiltinModule('node:https');
