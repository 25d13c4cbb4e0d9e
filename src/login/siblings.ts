/** The contexts of all providers of one running proxy. */
import type { ProviderConfig } from './config.ts';
import type { LoginContext, Siblings } from './context.ts';

/** Makes a context for each provider; each of them knows all. */
export function createSiblings(
  providers: readonly [ProviderConfig, ...ProviderConfig[]],
  contextOf: (provider: ProviderConfig, siblings: Siblings) => LoginContext,
): Siblings {
  const byName = new Map<string, LoginContext>();
  const all: LoginContext[] = [];
  const [defaultProvider, ...others] = providers;
  const siblings: Siblings = {
    get first() {
      return first;
    },
    all,
    named: (provider) => byName.get(provider),
  };
  const add = (provider: ProviderConfig): LoginContext => {
    const context = contextOf(provider, siblings);
    all.push(context);
    byName.set(provider.name, context);
    return context;
  };
  const first = add(defaultProvider);
  for (const provider of others) add(provider);
  return siblings;
}
