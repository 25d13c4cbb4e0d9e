import { chosenFamilies, chosenImplementation, chosenRevision, chosenStage } from './choose.ts';
import { declareSuite } from './suite.ts';

const selection = { revision: chosenRevision(), stage: chosenStage(), ...chosenFamilies() };

await declareSuite(await chosenImplementation(), selection);
