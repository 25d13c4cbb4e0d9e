import { isProviderUrl } from '../../oauth/document.ts';
import { issuerUrlProblem } from '../../oauth/local-issuers.ts';

/**
 * Which URLs of an issuer may be talked to, by the one that was configured: https, or http to this machine, or any http where
 * its row says so. The documents of an issuer out there lead back to this machine under no spelling.
 */
export function peerUrls(configured: string, allowHttp: boolean): (url: string) => boolean {
  const judged = (url: string): string => (allowHttp ? url.replace(/^http:/i, 'https:') : url);
  return isRemote(judged(configured)) ? (url) => isRemote(judged(url)) : (url) => isProviderUrl(judged(url));
}

/** Whether a URL is https and leads off this machine. */
function isRemote(url: string): boolean {
  return issuerUrlProblem(url, { allowed: false, hosts: [] }) === undefined;
}
