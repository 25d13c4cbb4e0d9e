declare const brand: unique symbol;

/** The name of an app everywhere: `cluster:namespace:name` (also its TokenX client id and its Entra display name). */
export type AppId = string & { readonly [brand]: true };

const PART = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** True for one part of an app id: lower-case letters, digits and inner hyphens, at most 63, so never a dot or a colon. */
export function isAppIdPart(text: string): boolean {
  return PART.test(text);
}

/** Narrows a text to an app id. */
function isAppId(text: string): text is AppId {
  const parts = text.split(':');
  return parts.length === 3 && parts.every(isAppIdPart);
}

/** Reads `cluster:namespace:name`; undefined for anything else. */
export function parseAppId(text: string): AppId | undefined {
  return isAppId(text) ? text : undefined;
}

/** Joins the three parts. Throws a RangeError when one of them is not a legal part. */
export function appId(cluster: string, namespace: string, name: string): AppId {
  const id = parseAppId(`${cluster}:${namespace}:${name}`);
  if (id === undefined) throw new RangeError(`not an app id: ${cluster}:${namespace}:${name}`);
  return id;
}

/** The three parts of an app id. */
export function splitAppId(id: AppId): { cluster: string; namespace: string; name: string } {
  const [cluster = '', namespace = '', name = ''] = id.split(':');
  return { cluster, namespace, name };
}
