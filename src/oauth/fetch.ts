/** How far inside a call may go: `public` = to no address of this machine or of a private network. */
export type Reach = 'public' | 'any';

/** The one way out to the network. Passed in; whoever makes it sets connection limits, trusted certificates and what `reach` means. */
export type Fetch = (url: string, init?: RequestInit & { readonly reach?: Reach }) => Promise<Response>;

/** Whether a call ended because no address of its host may be talked to; its maker says so by `code`, of the error or of a cause. */
export function isAddressRefused(error: unknown): boolean {
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    if ('code' in each && each.code === 'ERR_ADDRESS_REFUSED') return true;
  }
  return false;
}
