import { ourCommand } from './sidecar/our-command.ts';
import { declareSuite } from './sidecar/suite.ts';

const families = ['introspect', 'front-door', 'probes'];

await declareSuite(await ourCommand(), { revision: 'ours', stage: 'S2', families, restElsewhere: true });
