import type { Program } from '../web/serve.ts';
import type { ClientBook } from './clients/book.ts';
import type { IdpConfig } from './config.ts';
import type { PersonaName } from './persona-names.ts';
import { openControl } from './control/listener.ts';
import type { Faults } from './faults.ts';
import { controlOf, originsOf } from './origins.ts';
import type { ControlAddress } from './origins.ts';
import type { People } from './people/people.ts';
import { requireSafety } from './safety.ts';
import { openEntra } from './services/entra.ts';
import { openIdporten } from './services/idporten.ts';
import { openMaskinporten } from './services/maskinporten.ts';
import { openOidfBasic, openOidfCc, openOidfFapi2, openOpenid } from './services/openid.ts';
import { openStage } from './stage.ts';
import type { IdpDependencies, Service, Stage } from './stage.ts';

/** The local identity providers, and where they are. */
export interface Idp extends Program {
  /** Issuer of each persona, running or not. */
  readonly issuers: Readonly<Record<'idporten' | 'entra' | 'maskinporten' | 'openid', string>>;
  readonly control: ControlAddress;
  readonly people: People;
  /** Clients of all personas; more can be added while it runs. */
  readonly clients: ClientBook;
  /** Faults to be acted out. */
  readonly faults: Faults;
}

/**
 * The personas of the settings, each on listeners of its own. Throws UnsafeSetting for an address or issuer that could pass for
 * a real service, StateFileDamaged for a state file that cannot be read.
 */
export async function createIdp(config: IdpConfig, deps: IdpDependencies): Promise<Idp> {
  const origins = originsOf(config);
  requireSafety(config);
  const stage = await openStage(config, deps);
  const services = await Promise.all(config.personas.map((name) => OPENERS[name](stage)));
  const control = await openControl(stage, services);
  const tenant = config.entraTenants[0]?.tid ?? '';
  return {
    listeners: [...services.flatMap((service) => service.listeners), control],
    issuers: {
      idporten: origins.idporten,
      entra: `${origins.entra}/${tenant}/v2.0`,
      maskinporten: origins.maskinporten,
      openid: origins.openid,
    },
    control: controlOf(config),
    people: stage.people,
    clients: stage.clients,
    faults: stage.faults,
    close: () => {
      stage.clients.close();
      return Promise.resolve();
    },
  };
}

const OPENERS: Readonly<Record<PersonaName, (stage: Stage) => Promise<Service>>> = {
  idporten: openIdporten,
  entra: openEntra,
  maskinporten: openMaskinporten,
  openid: openOpenid,
  'oidf-basic': openOidfBasic,
  'oidf-fapi2': openOidfFapi2,
  'oidf-cc': openOidfCc,
};
