/** An organisation as Maskinporten writes it: `0192:` and nine digits. */
interface Organisation {
  readonly authority: 'iso6523-actorid-upis';
  readonly ID: string;
}

/** A system user: what an organisation lets a vendor's system do. Members are those of the token's `authorization_details` (RFC 9396). */
export interface SystemUser {
  readonly type: 'urn:altinn:systemuser';
  readonly systemuser_org: Organisation;
  /** The vendor's own name for it; a request has to give the same one, or none where there is none. */
  readonly externalRef?: string;
  readonly systemuser_id: readonly string[];
  readonly system_id: string;
}

/** What a person consented to: actions on resources, and what the consent page said. */
interface ConsentRight {
  readonly action: readonly string[];
  readonly resource: readonly { readonly type: string; readonly value: string }[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** A consent of a person. Members are those of the token's `authorization_details`; times are RFC 3339. */
export interface Consent {
  readonly type: 'urn:altinn:consent';
  readonly id: string;
  /** `urn:altinn:person:identifier-no:<pid>` */
  readonly from: string;
  /** `urn:altinn:organization:identifier-no:<organisation number>` */
  readonly to: string;
  readonly consented: string;
  readonly validTo: string;
  readonly consentRights: readonly ConsentRight[];
}

/** What Maskinporten knows beside clients and scopes: set by the control API. */
export type Authorization = SystemUser | Consent;
