import {
  algorithmOutsideList,
  emptySignature,
  hmacWithPublicKey,
  keyTypeSwap,
  noneSpellings,
  signatureFaults,
} from './malformed/algorithm-families.ts';
import { audienceFaults, issuerFaults, timeFaults } from './malformed/claim-families.ts';
import {
  crit,
  jsonSerialisation,
  keyAddresses,
  keysInHeader,
  kidForms,
  nestedAndEncrypted,
  otherTypes,
  segmentCount,
  typeFaults,
  unencodedOrDetached,
  zip,
} from './malformed/header-families.ts';
import type { Shape, Template } from './malformed/template.ts';
import {
  base64urlFaults,
  depthAndNumbers,
  duplicateNames,
  oversize,
  utf8Faults,
  whitespaceAndControl,
} from './malformed/text-families.ts';
import type { Random } from './scale.ts';

/** One way in which tokens are bad, and the row of the threat table that it belongs to. */
export interface Family {
  readonly row: 'T37' | 'T38' | 'T39' | 'T40' | 'T41' | 'T42' | 'T43' | 'T44' | 'T45';
  readonly name: string;
  readonly shapes: readonly Shape[];
}

/** The 25 families. Every mutant but those of the signature is signed rightly over what it says. */
export const FAMILIES: readonly Family[] = [
  { row: 'T37', name: 'none spellings', shapes: noneSpellings },
  { row: 'T37', name: 'empty signature', shapes: emptySignature },
  { row: 'T37', name: 'HS with public key', shapes: hmacWithPublicKey },
  { row: 'T37', name: 'alg outside list', shapes: algorithmOutsideList },
  { row: 'T37', name: 'key-type swap', shapes: keyTypeSwap },
  { row: 'T38', name: 'kid forms', shapes: kidForms },
  { row: 'T39', name: 'jku and x5u', shapes: keyAddresses },
  { row: 'T39', name: 'jwk and x5c', shapes: keysInHeader },
  { row: 'T40', name: 'crit', shapes: crit },
  { row: 'T40', name: 'b64 and detached', shapes: unencodedOrDetached },
  { row: 'T40', name: 'zip', shapes: zip },
  { row: 'T40', name: 'typ, cty and token kind', shapes: [...otherTypes, ...typeFaults] },
  { row: 'T40', name: 'nested and JWE', shapes: nestedAndEncrypted },
  { row: 'T40', name: 'JSON serialisation', shapes: jsonSerialisation },
  { row: 'T40', name: 'segment count', shapes: segmentCount },
  { row: 'T42', name: 'base64url faults', shapes: base64urlFaults },
  { row: 'T42', name: 'whitespace and control bytes', shapes: whitespaceAndControl },
  { row: 'T41', name: 'duplicate names', shapes: duplicateNames },
  { row: 'T41', name: 'proto, depth, number extremes', shapes: depthAndNumbers },
  { row: 'T41', name: 'UTF-8 faults', shapes: utf8Faults },
  { row: 'T43', name: 'oversize', shapes: oversize },
  { row: 'T44', name: 'iss', shapes: issuerFaults },
  { row: 'T44', name: 'aud and azp', shapes: audienceFaults },
  { row: 'T45', name: 'times', shapes: timeFaults },
  { row: 'T37', name: 'signature flips, truncation, DER, zero r/s', shapes: signatureFaults },
];

/** One bad token, to be made of a template of the moment. */
export interface Mutant {
  readonly name: string;
  readonly make: (template: Template) => string;
}

/** Every shape of a family once, and again with other random choices until there are `least`. */
export function mutantsOf({ name, shapes }: Family, least: number, random: Random): readonly Mutant[] {
  const count = Math.max(least, shapes.length);
  return Array.from({ length: count }, (_each, index): Mutant => {
    const shape = shapes[index % shapes.length];
    if (shape === undefined) throw new Error(`the family ${name} is empty`);
    return { name: `${name} #${index}`, make: (template) => shape(template, random) };
  });
}
