// The package ships no types: these are the parts that tests and benchmarks use.
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http';

  interface InteractionResult {
    readonly login: { readonly accountId: string; readonly acr: string };
  }
  /** A step of the sign-in, with what makes it necessary. */
  interface Prompt {
    readonly checks: { add(check: object): void };
  }
  export const interactionPolicy: {
    readonly Check: new (
      reason: string,
      description: string,
      error: string,
      isNeeded: (context: KoaContextWithOIDC) => boolean,
    ) => object;
    base(): { get(name: 'login' | 'consent'): Prompt };
  };

  export interface KoaContextWithOIDC {
    body: unknown;
    readonly oidc: {
      readonly client: { readonly clientId: string };
      readonly params: Readonly<Record<string, string>>;
      readonly session?: { readonly acr?: string };
    };
  }
  interface AccessToken {
    resourceServer: object;
    scope: string;
    extra: object;
    readonly expiration: number;
    save(): Promise<string>;
  }
  export const errors: {
    readonly InvalidTarget: new () => Error;
    readonly InvalidRequest: new (description: string) => Error;
  };
  export class Provider {
    constructor(issuer: string, configuration: object);
    readonly ClientCredentials: new (properties: {
      client: object;
      scope: string;
      extra: object;
    }) => AccessToken;
    readonly ResourceServer: new (
      identifier: string,
      info: object,
    ) => object;
    registerGrantType(
      name: string,
      handler: (context: KoaContextWithOIDC) => Promise<void>,
      parameters: readonly string[],
    ): void;
    callback(): (incoming: IncomingMessage, outgoing: ServerResponse) => void;
    on(event: string, listener: (...args: unknown[]) => void): this;
    interactionFinished(
      incoming: IncomingMessage,
      outgoing: ServerResponse,
      result: InteractionResult,
      options: { readonly mergeWithLastSubmission: boolean },
    ): Promise<void>;
  }
}
