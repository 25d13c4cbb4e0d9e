import { inProcess } from './sidecar/in-process.ts';
import { makeKeys } from './sidecar/keys.ts';
import { declareSuite } from './sidecar/suite.ts';

const families = ['introspect', 'keys', 'front-door', 'standard', 'folders', 'probes'];

await declareSuite(inProcess(await makeKeys()), { revision: 'ours', stage: 'S2', families, restElsewhere: true });
