import type { Algorithm } from '../../../src/oauth/algorithms.ts';

/** Whose behaviour a case describes: two revisions of the sidecar that is replaced, and this one. */
export type Revision = 'A' | 'B' | 'ours';

/** Any JSON value, with templates and, in expectations, matchers in it. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** A JSON object. */
export interface JsonObject {
  readonly [member: string]: Json;
}

/** What the fake provider does with one request. Without `fault` and a body it is a good token or the key set. */
export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: Json;
  readonly text?: string;
  /** A good token in so many bytes. */
  readonly bytes?: number;
  /** Of a good token; 3600 unless given. */
  readonly expiresIn?: number;
  /** Further or other members of a good token. */
  readonly members?: JsonObject;
  /** Public keys by name, for a key set; `issuer` unless given. */
  readonly keys?: readonly string[];
  /** Members of a key set that stand before those. */
  readonly foreign?: readonly Json[];
  readonly delayMilliseconds?: number;
  /** Ends the connection before or within the answer, or says nothing more before or within it. */
  readonly fault?: 'reset' | 'reset-body' | 'silence' | 'silence-body';
}

/** Answers in order, and what comes when they are used up. */
export interface Script {
  readonly first: readonly Answer[];
  readonly afterwards: Answer;
}

/** The scripts of the fake provider; what is not named stays as it was. */
export interface ProviderScript {
  readonly token?: Script;
  readonly keySet?: Script;
  readonly metadata?: Script;
}

/** A JWT that the driver mints when a step first needs it. */
export interface TokenDescription {
  /** The provider whose issuer, audience and life the token has, unless other things are said. */
  readonly for: string;
  readonly claims: JsonObject;
  readonly without: readonly string[];
  /** Seconds from now. */
  readonly times: Readonly<Record<string, number>>;
  /** Members of the payload as text, for what JSON numbers cannot carry. */
  readonly memberText?: string;
  /** The whole payload as text. */
  readonly payloadText?: string;
  readonly header: JsonObject;
  /** The whole header as text. */
  readonly headerText?: string;
  readonly key: string;
  /** What an RSA key signs with, and the header says; `RS256` unless given. */
  readonly alg?: Algorithm;
  /** What is done to the finished token. */
  readonly append: string;
  readonly segments: readonly (string | null)[];
}

/** One HTTP request to the sidecar. */
export interface CaseRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly json?: Json;
  /** In order; a name may come twice. */
  readonly form?: readonly (readonly [string, string])[];
  /** The body as it is. */
  readonly text?: string;
  /** Null leaves the header out. */
  readonly contentType?: string | null;
  readonly host?: string | null;
  /** An unknown field fills the body up to so many bytes. */
  readonly size?: number;
  /** Through the client of this Node instead of a bare connection. */
  readonly viaFetch: boolean;
  /** Where it goes if not to the API of the sidecar: host and port, or `unix:` and the path of a socket. */
  readonly at?: string;
}

/** What an answer has to be. Headers: null means absent. */
export interface Expectation {
  readonly status: Json;
  readonly headers: JsonObject;
  readonly body?: Json;
  readonly text?: Json;
  readonly withinMilliseconds?: number;
}

/** A request, so many at one time, and what becomes of each. */
export interface Exchange {
  readonly request: CaseRequest;
  readonly expect: Expectation;
  readonly times: number;
  /** Asked again until the answer is as expected, for what happens in the background. */
  readonly eventually: boolean;
}

/** The same requests again and again, one after the other on each connection, as long as other steps take. */
export interface Load {
  readonly connections: number;
  readonly exchanges: readonly Exchange[];
  readonly steps: readonly Step[];
}

/** What happens to the folders a sidecar reads; paths within the case's own folder. */
export interface FileChanges {
  /** What is not there yet. */
  readonly add: Readonly<Record<string, string>>;
  /** What is there, and says something else from then on. */
  readonly change: Readonly<Record<string, string>>;
  /** What is there, and can be read but not understood from then on. */
  readonly break: readonly string[];
  /** Files or whole folders. */
  readonly remove: readonly string[];
}

/** One thing that happens in a case. */
export type Step =
  | ({ readonly kind: 'exchange' } & Exchange)
  | { readonly kind: 'together'; readonly exchanges: readonly Exchange[] }
  | { readonly kind: 'advance'; readonly seconds: number }
  | ({ readonly kind: 'load' } & Load)
  | { readonly kind: 'files'; readonly changes: FileChanges }
  | { readonly kind: 'provider'; readonly script: ProviderScript }
  /** Waits until the provider was asked so often, for tokens or for keys. */
  | { readonly kind: 'await'; readonly what: 'token' | 'keySet'; readonly count: number }
  | { readonly kind: 'count'; readonly what: 'token' | 'keySet'; readonly count: Json };

/** One request the provider was sent. */
export interface CallExpectation {
  readonly path?: Json;
  readonly headers: JsonObject;
  readonly form?: Json;
  readonly assertion?: { readonly field: string; readonly header?: Json; readonly claims?: Json };
}

/** What the provider saw in all of a case. */
export interface UpstreamExpectation {
  readonly count?: Json;
  readonly keySets?: Json;
  readonly calls: readonly CallExpectation[];
  /** Claims of the assertions, of which no two are the same. */
  readonly distinct: readonly string[];
}

/** A case of the conformance suite. */
export interface Case {
  /** Where it is written down. */
  readonly file: string;
  readonly id: string;
  readonly revisions: readonly Revision[];
  readonly stage: 'S1' | 'S2';
  /** Needs a clock that can be moved, or that is waited for: then it takes a few seconds. */
  readonly clock: 'none' | 'moved' | 'moved-or-waited';
  /** Needs an implementation that has just started. */
  readonly fresh: boolean;
  /** Variables beside those of every case. */
  readonly env: Readonly<Record<string, string>>;
  /** What stands in the case's own folder before the sidecar starts, by path. */
  readonly files: Readonly<Record<string, string>>;
  readonly tokens: Readonly<Record<string, TokenDescription>>;
  readonly provider: ProviderScript;
  readonly steps: readonly Step[];
  readonly upstream: UpstreamExpectation;
}

/** The cases of one file. */
export interface Family {
  readonly name: string;
  readonly cases: readonly Case[];
}
