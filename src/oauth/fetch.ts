/** The one way out to the network. Passed in; whoever makes it sets connection limits and trusted certificates. */
export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;
