// The package ships no types: these are the parts that tests and benchmarks use.
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http';

  export interface KoaContextWithOIDC {
    body: unknown;
    readonly oidc: {
      readonly client: { readonly clientId: string };
      readonly params: Readonly<Record<string, string>>;
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
  }
}
