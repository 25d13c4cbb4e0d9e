// oxlint-disable-next-line import/no-unassigned-import -- the x509 library throws unless this polyfill was loaded before it
import 'reflect-metadata';
import { BasicConstraintsExtension, KeyUsageFlags, KeyUsagesExtension, X509Certificate } from '@peculiar/x509';

/** What a certificate says that Node does not tell. */
export interface CertificateDetails {
  /** How many CAs may stand between this one and the last certificate (RFC 5280 4.2.1.9); undefined = any number. */
  readonly pathLength: number | undefined;
  /** Whether its key may sign what is no certificate (RFC 5280 4.2.1.3). */
  readonly signs: boolean;
  /** Whether it has a critical extension that nobody here understands (RFC 5280 4.2). */
  readonly beyondUs: boolean;
  /** The values of an attribute of the subject, wherever in the name they stand; `type` is an object identifier. */
  readonly subject: (type: string) => readonly string[];
}

const BASIC_CONSTRAINTS = '2.5.29.19';
const KEY_USAGE = '2.5.29.15';
/** Besides those two: alternative names, policies and extended key usage, which limit nothing that is done with these certificates. */
const UNDERSTOOD = new Set([BASIC_CONSTRAINTS, KEY_USAGE, '2.5.29.17', '2.5.29.32', '2.5.29.37']);
const SIGNING = KeyUsageFlags.digitalSignature | KeyUsageFlags.nonRepudiation;

/** Reads the DER of a certificate that Node could read too. */
export function readCertificateDetails(der: Uint8Array<ArrayBuffer>): CertificateDetails {
  const certificate = new X509Certificate(der);
  const usage = certificate.getExtension(KeyUsagesExtension);
  return {
    pathLength: certificate.getExtension(BasicConstraintsExtension)?.pathLength,
    signs: usage === null || (usage.usages & SIGNING) !== 0,
    beyondUs: certificate.extensions.some(({ critical, type }) => critical && !UNDERSTOOD.has(type)),
    subject: (type) => certificate.subjectName.getField(type),
  };
}
