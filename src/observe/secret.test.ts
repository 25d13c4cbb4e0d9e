import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { format, inspect } from 'node:util';
import { Secret } from './secret.ts';

describe('Secret', () => {
  it('gives its value to the one who asks for it', () => {
    assert.equal(new Secret('s3cret').reveal(), 's3cret');
  });

  it('prints as [redacted] in every other way', () => {
    const secret = new Secret('s3cret');
    const printed = [
      String(secret),
      [secret].join(),
      JSON.stringify({ secret }),
      inspect({ secret }, { showHidden: true, depth: 9 }),
      format('%s %o %j', secret, secret, secret),
      JSON.stringify(Object.entries(secret)),
    ];
    for (const text of printed) assert.ok(!text.includes('s3cret'), text);
    assert.equal(String(secret), '[redacted]');
    assert.equal(inspect(secret), '[redacted]');
  });
});
