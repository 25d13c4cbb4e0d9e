import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FaultTable } from '../../src/idp/engine/refusal.ts';
import { ENTRA_FAULTS } from '../../src/idp/personas/entra-faults.ts';
import { IDPORTEN_FAULTS } from '../../src/idp/personas/idporten-faults.ts';
import { MASKINPORTEN_FAULTS } from '../../src/idp/personas/maskinporten-faults.ts';
import { refusalKind } from '../../src/oauth/token-endpoint/refusal-kind.ts';
import type { RefusalKind } from '../../src/oauth/token-endpoint/refusal-kind.ts';

/* What the local services refuse with, classed by our client (providers.md 2.5). */

/** What a caller is told of a refusal that names one of these. */
const BY_NUMBER: Readonly<Record<string, RefusalKind>> = {
  ...kinds('policy', '501051 65001 50105 MP-250 MP-251'),
  ...kinds('credential', '7000215 7000222 700027 50027 700213 MP-100 MP-120 MP-121 MP-122 MP-123 MP-124'),
};
/** Else it is the error that counts; `invalid_grant` of a machine is a matter of policy, of a user's grant of signing in again. */
const BY_ERROR: Readonly<Record<string, RefusalKind>> = {
  ...kinds('policy', 'forbidden access_denied invalid_target'),
  ...kinds('credential', 'invalid_client'),
  ...kinds('reauth', 'interaction_required login_required consent_required'),
  ...kinds('transient', 'temporarily_unavailable server_error'),
};

function kinds(kind: RefusalKind, names: string): Readonly<Record<string, RefusalKind>> {
  return Object.fromEntries(names.split(' ').map((name) => [name, kind]));
}

for (const [service, faults] of Object.entries<FaultTable>({
  'ID-porten': IDPORTEN_FAULTS,
  Entra: ENTRA_FAULTS,
  Maskinporten: MASKINPORTEN_FAULTS,
})) {
  test(`sides-agree: every refusal of ${service} is of the class that its number or error says`, () => {
    const rows = Object.entries(faults);
    assert.ok(rows.length > 20);
    for (const [problem, row] of rows) {
      const { error, code, status = 400 } = row;
      const numbered = code?.startsWith('MP-')
        ? { error_uri: `https://maskinporten.example.test/errors/${code}` }
        : { error_codes: [Number(code)] };
      const body = code === undefined ? { error } : { error, ...numbered };
      for (const forUser of [true, false]) {
        const grant: RefusalKind = forUser ? 'reauth' : 'policy';
        const expected = BY_NUMBER[code ?? ''] ?? BY_ERROR[error] ?? (error === 'invalid_grant' ? grant : 'request');
        assert.equal(refusalKind({ status, error, body, forUser }), expected, `${problem} ${error} ${code ?? ''}`);
      }
    }
  });
}
