import { fieldIndex, object, optional } from '../object-shape.ts';
import type { Fields } from '../object-shape.ts';
import type { Shape } from '../shape.ts';
import { accessPolicyShape } from './access-policy.ts';
import type { RawAccessPolicy } from './access-policy.ts';
import { azureShape } from './azure.ts';
import type { RawAzure } from './azure.ts';
import { idportenShape } from './idporten.ts';
import type { RawIdporten } from './idporten.ts';
import { loginShape } from './login.ts';
import type { RawLogin } from './login.ts';
import { maskinportenShape } from './maskinporten.ts';
import type { RawMaskinporten } from './maskinporten.ts';
import { tokenxShape } from './tokenx.ts';
import type { RawTokenx } from './tokenx.ts';
import { workloadFields } from './workload.ts';
import type { RawWorkload } from './workload.ts';

/** `spec` as written, with everything unreadable left out. */
export interface RawSpec extends RawWorkload {
  readonly login?: RawLogin;
  readonly azure?: RawAzure;
  readonly idporten?: RawIdporten;
  readonly tokenx?: RawTokenx;
  readonly maskinporten?: RawMaskinporten;
  readonly accessPolicy?: RawAccessPolicy;
}

const fields: Fields<RawSpec> = {
  ...workloadFields,
  login: optional(loginShape),
  azure: optional(azureShape, { aliases: ['entra', 'aad', 'azureAd'] }),
  idporten: optional(idportenShape, { aliases: ['idPorten'] }),
  tokenx: optional(tokenxShape, { aliases: ['tokenX', 'token-x', 'tokendings'] }),
  maskinporten: optional(maskinportenShape),
  accessPolicy: optional(accessPolicyShape, { aliases: ['policy', 'accessPolicies'] }),
};

/** `spec`. */
export const specShape: Shape<RawSpec> = object<RawSpec>(fields);

/** What is read of a pasted NAIS manifest; the rest of its `spec` is ignored with an Info. */
export const NAIS_FIELDS: ReadonlySet<string> = new Set([
  'ingresses',
  'port',
  'image',
  'azure',
  'idporten',
  'tokenx',
  'maskinporten',
  'login',
  'accessPolicy',
]);

/** Where every field name occurs, for suggestions. */
export const FIELD_INDEX: ReadonlyMap<string, readonly string[]> = fieldIndex(specShape, 'spec');
