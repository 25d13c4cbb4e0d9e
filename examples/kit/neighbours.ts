/** The app id of a neighbour in this cluster: what TokenX calls its audience. */
export function appId(namespace: string, name: string): string {
  return `${process.env['NAIS_CLUSTER_NAME'] ?? 'local'}:${namespace}:${name}`;
}

/** The Entra scope that asks for a token to a neighbour. */
export function entraScope(namespace: string, name: string): string {
  return `api://${appId(namespace, name).replaceAll(':', '.')}/.default`;
}

/** Where a neighbour answers. `fullmakt up` says it in FULLMAKT_OUTBOUND_URLS; in a cluster it is the service's own name. */
export function urlOf(namespace: string, name: string): string {
  const known: Record<string, string> = JSON.parse(process.env['FULLMAKT_OUTBOUND_URLS'] ?? '{}');
  return known[appId(namespace, name)] ?? `http://${name}.${namespace}`;
}
