/** What every accepted token has. Claims not named stay as they came. */
export interface Claims {
  readonly iss: string;
  readonly exp: number;
  readonly iat: number;
  readonly sub?: string;
  readonly aud?: string | readonly string[];
  readonly nbf?: number;
  readonly jti?: string;
  readonly [claim: string]: unknown;
}

interface EntraClaims extends Claims {
  readonly aud: string | readonly string[];
  readonly nbf: number;
  readonly oid: string;
  readonly tid: string;
  /** The calling application: the only claim that says who called. */
  readonly azp: string;
  readonly sub: string;
  readonly ver: string;
  readonly roles?: readonly string[];
  /** For display only: anyone may name an application anything. */
  readonly azp_name?: string;
  readonly azpacr?: string;
  readonly uti?: string;
}

/** A user's access token of Entra ID. `iat` and `nbf` lie five minutes before issue. */
export interface EntraUserClaims extends EntraClaims {
  readonly scp: string;
  readonly groups?: readonly string[];
  readonly _claim_names?: object;
  readonly NAVident?: string;
  readonly name?: string;
  readonly preferred_username?: string;
  readonly sid?: string;
}

/** An application's own access token of Entra ID. */
export interface EntraMachineClaims extends EntraClaims {
  readonly idtyp: 'app';
}

interface TokenxClaims extends Claims {
  readonly aud: string | readonly string[];
  readonly nbf: number;
  readonly jti: string;
  readonly sub: string;
  /** The calling application, `cluster:namespace:app`. */
  readonly client_id: string;
  readonly azp?: string;
  readonly act?: object;
  readonly scope?: string;
  readonly roles?: readonly string[];
}

/** A token exchanged at TokenX on behalf of a user. */
export interface TokenxUserClaims extends TokenxClaims {
  /** Issuer of the subject token. */
  readonly idp: string;
  /** National identity number. */
  readonly pid?: string;
  /** `Level3`, `Level4` or one of ID-porten's names. */
  readonly acr?: string;
  readonly auth_time?: number;
}

/** A machine's token of TokenX. */
export interface TokenxMachineClaims extends TokenxClaims {
  readonly idtyp: 'app';
}

/** A user's access token of ID-porten. */
export interface IdportenClaims extends Claims {
  readonly aud: string | readonly string[];
  readonly jti: string;
  readonly sub: string;
  readonly client_id: string;
  readonly scope: string;
  readonly acr: string;
  /** National identity number; absent for unmatched eIDAS and pseudonymous tokens. */
  readonly pid?: string;
  readonly amr?: readonly string[];
  readonly client_amr?: string;
  readonly consumer?: object;
  readonly token_type?: string;
}

/** An organisation in ISO 6523 form: `0192:<organisation number>`. */
interface Organisation {
  readonly authority: string;
  readonly ID: string;
}

/** An organisation's access token of Maskinporten. */
export interface MaskinportenClaims extends Claims {
  readonly jti: string;
  readonly client_id: string;
  readonly scope: string;
  readonly consumer: Organisation;
  /** The one who really called, when the consumer delegated. */
  readonly supplier?: Organisation;
  readonly delegation_source?: string;
  readonly authorization_details?: readonly object[];
  readonly pid?: string;
  readonly client_amr?: string;
  readonly token_type?: string;
}
