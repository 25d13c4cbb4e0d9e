/** The application under test, as each provider knows it. */
export const APPLICATION = {
  name: 'test:team:app',
  entraClientId: '00000000-0000-4000-8000-0000000000a1',
  audience: 'https://app.test.fullmakt-local',
  maskinportenClientId: '00000000-0000-4000-8000-0000000000a2',
} as const;

/** The one other application: it is on both caller lists, and the caller in every token. */
export const CALLER = { name: 'test:team:caller', entraClientId: '00000000-0000-4000-8000-0000000000c1' } as const;

/** Where Entra ID's people are. */
export const TENANT = '00000000-0000-4000-8000-0000000000f1';

/** The organisation behind tokens of Maskinporten and ID-porten: a number of the synthetic series. */
export const CONSUMER = { authority: 'iso6523-actorid-upis', ID: '0192:310000019' } as const;

/** The scope in tokens of Maskinporten, which an application under test requires in place of an audience. */
export const SCOPE = 'test:data/read';

/** Somebody with an account at both ends, with a synthetic national identity number. */
export const PERSON = {
  pid: '01819090285',
  name: 'Test Testesen',
  navIdent: 'Z990001',
  userName: 'test.testesen@test.fullmakt-local',
  objectId: '00000000-0000-4000-8000-0000000000e1',
  group: '00000000-0000-4000-8000-0000000000d1',
} as const;
