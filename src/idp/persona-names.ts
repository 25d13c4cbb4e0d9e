/** Every persona there is. */
export const PERSONA_NAMES = [
  'idporten',
  'entra',
  'maskinporten',
  'openid',
  'oidf-basic',
  'oidf-fapi2',
  'oidf-cc',
] as const;

/** One of {@link PERSONA_NAMES}. */
export type PersonaName = (typeof PERSONA_NAMES)[number];
