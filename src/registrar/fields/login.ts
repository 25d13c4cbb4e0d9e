import { object, optional, required } from '../object-shape.ts';
import { anything, flag, list, oneOf, pattern, text } from '../shape.ts';
import type { Shape } from '../shape.ts';
import { pathGlob, secureUrl } from './forms.ts';

/** The levels a login may ask for, with the old spellings. */
export type RawLevel = 'idporten-loa-high' | 'idporten-loa-substantial' | 'Level3' | 'Level4';

/** `spec.login` as written. */
export interface RawLogin {
  readonly provider?: 'idporten' | 'azure' | 'openid';
  readonly level?: RawLevel;
  readonly locale?: string;
  readonly autoLogin?: boolean;
  readonly autoLoginIgnorePaths?: readonly string[];
  readonly enforce?: { readonly enabled?: boolean; readonly excludePaths?: readonly string[] };
  readonly openid?: RawOpenid;
}

/** A generic OpenID provider as written. */
interface RawOpenid {
  readonly credentialsFrom?: { readonly file?: string; readonly secret?: string };
  readonly wellKnownURL?: string;
  readonly scopes?: readonly string[];
  readonly audiences?: readonly string[];
}

/** The NAIS spelling of a login, below a provider. */
export interface RawLoginSidecar {
  readonly enabled?: boolean;
  readonly autoLogin?: boolean;
  readonly autoLoginIgnorePaths?: readonly string[];
  readonly resources?: true;
  readonly level?: RawLevel;
  readonly locale?: string;
}

const level: Shape<RawLevel> = oneOf(['idporten-loa-high', 'idporten-loa-substantial', 'Level3', 'Level4']);
const locale: Shape<string> = oneOf(['nb', 'nn', 'en', 'se']);
const paths: Shape<readonly string[]> = list(pathGlob, 100);

const openid: Shape<RawOpenid> = object<RawOpenid>({
  credentialsFrom: optional(object({ file: optional(text()), secret: optional(text()) })),
  wellKnownURL: required(secureUrl),
  scopes: optional(list(text())),
  audiences: optional(list(pattern(/^[^,\s]+$/, 'an audience without blanks and commas'))),
});

/** `spec.login`. */
export const loginShape: Shape<RawLogin> = object<RawLogin>({
  provider: required(oneOf(['idporten', 'azure', 'openid'])),
  level: optional(level, { aliases: ['acr', 'loa', 'acrValues'] }),
  locale: optional(locale, { aliases: ['language', 'uiLocales'] }),
  autoLogin: optional(flag),
  autoLoginIgnorePaths: optional(paths, { aliases: ['ignorePaths'] }),
  enforce: optional(object({ enabled: optional(flag), excludePaths: optional(paths) })),
  openid: optional(openid),
});

/** `azure.sidecar`: as `idporten.sidecar` without level and locale. */
export const azureSidecarShape: Shape<
  Pick<RawLoginSidecar, 'enabled' | 'autoLogin' | 'autoLoginIgnorePaths' | 'resources'>
> = object({
  enabled: optional(flag),
  autoLogin: optional(flag),
  autoLoginIgnorePaths: optional(paths),
  resources: optional(anything),
});

/** `idporten.sidecar`. */
export const idportenSidecarShape: Shape<RawLoginSidecar> = object<RawLoginSidecar>({
  enabled: optional(flag),
  autoLogin: optional(flag),
  autoLoginIgnorePaths: optional(paths),
  resources: optional(anything),
  level: optional(level),
  locale: optional(locale),
});
