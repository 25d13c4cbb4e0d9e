export default { turbopack: { root: import.meta.dirname + '/..' }, experimental: { cpus: 1 } };
