/** Facts about real providers that nobody has confirmed yet, seen from a client: one constant each. */

/** Whether ID-porten answers `max_age` with a fresh enough `auth_time`. */
export const IDPORTEN_MAX_AGE_HONOURED: boolean = true;

/** Whether Entra ID answers `max_age` with a fresh enough `auth_time`. */
export const ENTRA_MAX_AGE_HONOURED: boolean = true;
