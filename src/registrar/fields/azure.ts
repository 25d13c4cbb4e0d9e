import { object, optional } from '../object-shape.ts';
import { anything, flag, list, pattern, text } from '../shape.ts';
import type { Shape } from '../shape.ts';
import { webUrl } from './forms.ts';
import { azureSidecarShape } from './login.ts';
import type { RawLoginSidecar } from './login.ts';

/** `spec.azure` as written. */
export interface RawAzure {
  readonly application?: RawAzureApplication;
  readonly sidecar?: Omit<RawLoginSidecar, 'level' | 'locale'>;
}

/** `spec.azure.application` as written. */
export interface RawAzureApplication {
  readonly enabled?: boolean;
  readonly tenant?: string;
  readonly allowAllUsers?: boolean;
  readonly claims?: { readonly groups?: readonly { readonly id?: string }[]; readonly extra?: true };
  readonly replyURLs?: readonly string[];
  readonly singlePageApplication?: boolean;
}

const GROUP_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** It becomes a part of the provider's URLs. */
const TENANT = /^[A-Za-z0-9][A-Za-z0-9.-]{0,254}$/;

/** True for the id of a group: a UUID. */
export function isGroupId(value: string): boolean {
  return GROUP_ID.test(value);
}

/** `spec.azure`. Group ids are checked where it is known what a bad one means. */
export const azureShape: Shape<RawAzure> = object<RawAzure>({
  application: optional(
    object<RawAzureApplication>({
      enabled: optional(flag),
      tenant: optional(pattern(TENANT, 'the id or a domain of a tenant')),
      allowAllUsers: optional(flag),
      claims: optional(
        object({
          groups: optional(list(object({ id: optional(text()) }), 200)),
          extra: optional(anything, { deprecated: 'extra claims have no effect' }),
        }),
      ),
      replyURLs: optional(list(webUrl), {
        deprecated: 'redirect URIs follow from ingresses',
        aliases: ['redirectURIs'],
      }),
      singlePageApplication: optional(flag, { deprecated: 'single-page applications use a login' }),
    }),
  ),
  sidecar: optional(azureSidecarShape),
});
