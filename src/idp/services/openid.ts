import type { Address } from '../../settings.ts';
import { genericPersona } from '../personas/generic.ts';
import type { GenericSettings } from '../personas/generic-settings.ts';
import { OIDF_BASIC } from '../personas/oidf-basic.ts';
import { OIDF_CC } from '../personas/oidf-cc.ts';
import { OIDF_FAPI2 } from '../personas/oidf-fapi2.ts';
import { OPENID } from '../personas/openid.ts';
import { genericRoutes } from '../routes/openid.ts';
import type { Service, Stage } from '../stage.ts';
import { listenerOf } from '../stage.ts';

/** One listener of a generic persona. */
interface Listening {
  readonly name: string;
  readonly setting: string;
  readonly bind: Address;
  readonly tls: boolean;
}

/** The generic OpenID provider; over https too where a setting says so. */
export async function openOpenid(stage: Stage): Promise<Service> {
  const { openidBind, openidTlsBind } = stage.config;
  const listening: Listening[] = [
    { name: OPENID.label, setting: 'FULLMAKT_IDP_OPENID_BIND', bind: openidBind, tls: false },
  ];
  if (openidTlsBind !== undefined) {
    const setting = 'FULLMAKT_IDP_OPENID_TLS_BIND';
    listening.push({ name: `${OPENID.label} (https)`, setting, bind: openidTlsBind, tls: true });
  }
  return await openGeneric(stage, OPENID, stage.origins.openid, listening);
}

/** The persona that the basic plans are run against, over https. */
export async function openOidfBasic(stage: Stage): Promise<Service> {
  const { config, origins } = stage;
  const spec = { name: OIDF_BASIC.label, setting: 'FULLMAKT_IDP_OIDF_BASIC_BIND', bind: config.oidfBasicBind };
  return await openGeneric(stage, OIDF_BASIC, origins.oidfBasic, [{ ...spec, tls: true }]);
}

/** The persona that the FAPI 2.0 plans are run against, over https. */
export async function openOidfFapi2(stage: Stage): Promise<Service> {
  const { config, origins } = stage;
  const spec = { name: OIDF_FAPI2.label, setting: 'FULLMAKT_IDP_OIDF_FAPI2_BIND', bind: config.oidfFapi2Bind };
  return await openGeneric(stage, OIDF_FAPI2, origins.oidfFapi2, [{ ...spec, tls: true }]);
}

/** The persona that the FAPI 2.0 plan for client credentials is run against, over https. */
export async function openOidfCc(stage: Stage): Promise<Service> {
  const { config, origins } = stage;
  const spec = { name: OIDF_CC.label, setting: 'FULLMAKT_IDP_OIDF_CC_BIND', bind: config.oidfCcBind };
  return await openGeneric(stage, OIDF_CC, origins.oidfCc, [{ ...spec, tls: true }]);
}

async function openGeneric(
  stage: Stage,
  settings: GenericSettings,
  issuer: string,
  listening: readonly Listening[],
): Promise<Service> {
  const persona = genericPersona(settings, stage.clients);
  const realm = await stage.makeRealm(persona, { naming: 'random', algorithms: settings.signingAlgorithms });
  const place = { issuer, tokenEndpoint: `${issuer}/token`, tenant: '' };
  const listeners = await Promise.all(
    listening.map(async ({ tls, ...spec }) => {
      const site = { realm, place, secure: tls || issuer.startsWith('https:') };
      const routes = genericRoutes(site, settings);
      return listenerOf(realm, tls ? { ...spec, tls: await stage.tls() } : spec, routes);
    }),
  );
  return { name: settings.name, issuer, realm, place: () => place, listeners };
}
