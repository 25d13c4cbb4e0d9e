import { z } from 'zod';
import { url } from '../settings.ts';
import type { Kind } from '../settings.ts';
import { GUID } from './guid.ts';
import { PERSONA_NAMES } from './persona-names.ts';
import type { PersonaName } from './persona-names.ts';
import type { Tenant } from './tenants.ts';

const tenantList = z.array(z.object({ tid: z.string().regex(GUID), domains: z.array(z.string()) })).min(1);

/** The tenants of Entra ID, from JSON. Throws for anything else. */
export function parseTenants(value: unknown): readonly Tenant[] {
  const result = tenantList.safeParse(value);
  if (!result.success) throw new Error('a list of {"tid": "<guid>", "domains": ["example.test"]}, at least one');
  return result.data;
}

/** An origin, exactly: paths behind it are ours, so it must not have any, not even a slash unless the issuer ends in one. */
export function origin(end: '' | '/'): Kind<string> {
  return (spec) => {
    const setting = url(spec);
    return {
      ...setting,
      parse: (value) => {
        if (new URL(setting.parse(value)).origin + end === value) return value;
        throw new Error(
          `an origin such as http://localhost:7410${end}, ${end === '' ? 'without' : 'with'} a slash at its end`,
        );
      },
    };
  };
}

/** Names of personas, between commas. */
export const personaList: Kind<readonly PersonaName[]> = (spec) => ({
  ...spec,
  kind: 'list',
  parse: (value) => value.split(',').map((name) => personaNamed(name.trim())),
});

function personaNamed(name: string): PersonaName {
  const known = PERSONA_NAMES.find((each) => each === name);
  if (known === undefined) throw new Error(`a list of ${PERSONA_NAMES.join(', ')}`);
  return known;
}
