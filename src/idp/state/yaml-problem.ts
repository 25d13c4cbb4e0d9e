import type { YAMLError } from 'yaml';

/** What is wrong with a text as YAML, by the kind of mistake: the library's own sentence may quote the text, and so a secret. */
export function yamlProblem({ code }: YAMLError): string {
  return code.toLowerCase().replaceAll('_', ' ');
}
