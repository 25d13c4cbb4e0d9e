/** An organisation as tokens of ID-porten and Maskinporten name it (ISO 6523). */
export function organisation(orgno: string): { readonly authority: string; readonly ID: string } {
  return { authority: 'iso6523-actorid-upis', ID: `0192:${orgno}` };
}
