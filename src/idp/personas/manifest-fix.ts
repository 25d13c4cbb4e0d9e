import type { Fix } from '../../registry/decision.ts';
import type { Snapshot } from '../../registry/model.ts';

/** A fix that adds lines to a manifest, with the place of the path or of its closest ancestor there. */
export function manifestFix(
  snapshot: Snapshot,
  fix: { readonly app: string; readonly path: string; readonly add: string },
): Fix {
  const positions = snapshot.app(fix.app)?.positions ?? {};
  const parts = fix.path.split('.');
  for (let length = parts.length; length > 0; length--) {
    const found = positions[parts.slice(0, length).join('.')];
    if (found !== undefined) return { ...fix, file: found.file, line: found.line };
  }
  return fix;
}
