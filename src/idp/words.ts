/** The words of a list that is one text with spaces between (RFC 6749 3.3: `scope`, `prompt`, `acr_values`), each once; none for an absent one. */
export function words(text: string | undefined): readonly string[] {
  return [...new Set((text ?? '').split(' ').filter((word) => word !== ''))];
}
