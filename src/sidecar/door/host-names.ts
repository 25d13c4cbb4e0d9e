const NAME = /^(?:[\w.-]+|\[[\da-f:.]+\])$/i;

/**
 * Names that a Host header may have besides the usual ones. What can be no name would never fit, and whoever wrote it would look
 * elsewhere for the reason: throws an Error whose message is the expected form.
 */
export function parseHostNames(hosts: readonly string[]): readonly string[] {
  if (hosts.every((host) => NAME.test(host))) return hosts;
  throw new Error('names of hosts without scheme, port or *');
}
