import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { encodeBase64Url } from './base64url.ts';
import { createHeaderMemo } from './jws-header.ts';
import { JoseError, type JoseErrorCode, type ParseOptions, parseCompactJws } from './jws.ts';

function compact(header: unknown, payload = '{}', signature = 'AAAA'): string {
  const text = typeof header === 'string' ? header : JSON.stringify(header);
  return `${encodeBase64Url(text)}.${encodeBase64Url(payload)}.${signature}`;
}

function refuses(token: unknown, code: JoseErrorCode, options?: ParseOptions): void {
  assert.throws(
    () => parseCompactJws(token, options),
    (error) => error instanceof JoseError && error.code === code,
    `expected ${code}`,
  );
}

describe('compact JWS, taken apart (RFC 7515 sections 3.1, 7.1)', () => {
  test('refuses what is no token and what is too long, before any other work', () => {
    for (const token of [undefined, null, '', 7, {}, ['a.b.c']]) refuses(token, 'token_missing');
    const fitting = `${compact({ alg: 'RS256' }, '{}', '')}${'A'.repeat(16_384)}`.slice(0, 16_384);
    assert.equal(parseCompactJws(fitting).header.alg, 'RS256');
    refuses(`${fitting}AAAA`, 'token_too_large');
    refuses('a.b.c', 'token_too_large', { maxBytes: 4 });
  });

  test('refuses any number of segments but three, and an empty header or signature', () => {
    const [header, payload, signature] = compact({ alg: 'RS256' }).split('.');
    for (const token of [
      'a',
      `${header}.${payload}`,
      `${header}.${payload}.${signature}.`,
      `${header}.${payload}.`,
      `.${payload}.${signature}`,
      '..',
      `${header}.${payload}.AA.AA.AA`,
    ]) {
      refuses(token, 'token_malformed');
    }
  });

  test('refuses base64url faults in every segment', () => {
    const segments = compact({ alg: 'RS256' }).split('.');
    for (const at of [0, 1, 2]) {
      for (const fault of ['=', ' ', '+', '\n', 'A', '\u0141']) {
        const broken = segments.map((segment, index) => (index === at ? `${segment}${fault}` : segment)).join('.');
        if (Buffer.from(broken.split('.')[at] ?? '', 'base64url').toString('base64url') !== broken.split('.')[at]) {
          refuses(broken, 'token_malformed');
        }
      }
    }
  });

  test('a fault of the segments comes before any of what the header says (sidecar-sdk.md 2.2, row 2)', () => {
    const [header, payload, signature] = compact({ alg: 'RS256', crit: ['x'], typ: 'other' }).split('.');
    refuses(`${header}.${payload}.${signature}`, 'header_refused');
    for (const token of [
      `${header}.${payload}=.${signature}`,
      `${header}.${payload}.${signature}=`,
      `${header}.A.AA`,
    ]) {
      refuses(token, 'token_malformed');
    }
  });

  test('refuses a header that is not strict JSON, no object, or names no algorithm', () => {
    refuses(compact('{"alg":"RS256","alg":"none"}'), 'token_malformed');
    refuses(compact('{"alg":"RS256"'), 'token_malformed');
    refuses(compact('\ufeff{"alg":"RS256"}'), 'token_malformed');
    for (const header of [[], 'null', '"RS256"', {}, { alg: 7 }, { alg: '' }, { alg: null }])
      refuses(compact(header), 'header_refused');
  });

  test('refuses every header member that changes what is signed or names a key (RFC 8725 3.10)', () => {
    for (const name of ['crit', 'b64', 'zip', 'jku', 'x5u', 'cty', 'jwk']) {
      for (const value of [null, false, [], 'x', {}])
        refuses(compact({ alg: 'RS256', [name]: value }), 'header_refused');
    }
    assert.deepEqual(parseCompactJws(compact({ alg: 'RS256', jwk: {} }), { allow: ['jwk'] }).header['jwk'], {});
  });

  test('drops x5c unless the kind of token allows it', () => {
    const token = compact({ alg: 'RS256', x5c: ['a'], x5t: 'b' });
    assert.equal(parseCompactJws(token).header['x5c'], undefined);
    assert.deepEqual(parseCompactJws(token, { allow: ['x5c'] }).header['x5c'], ['a']);
  });

  test('kid is a string of 1 to 256 characters', () => {
    assert.equal(parseCompactJws(compact({ alg: 'RS256', kid: 'k'.repeat(256) })).header.kid?.length, 256);
    for (const kid of ['', 'k'.repeat(257), 7, null, ['k'], { k: 1 }])
      refuses(compact({ alg: 'RS256', kid }), 'header_refused');
  });

  test('typ fits the kind of token, without case and application/ (RFC 8725 3.11)', () => {
    for (const typ of ['JWT', 'jwt', 'at+jwt', 'AT+JWT', 'application/at+jwt', 'APPLICATION/JWT']) {
      assert.equal(parseCompactJws(compact({ alg: 'RS256', typ })).header.typ, typ);
    }
    for (const typ of ['', 'dpop+jwt', 'logout+jwt', 'JOSE', 'application/', 'application/application/jwt']) {
      refuses(compact({ alg: 'RS256', typ }), 'type_refused');
    }
    refuses(compact({ alg: 'RS256', typ: 7 }), 'header_refused');
    assert.ok(parseCompactJws(compact({ alg: 'RS256', typ: 'dpop+jwt' }), { types: ['dpop+jwt'] }));
    refuses(compact({ alg: 'RS256' }), 'type_refused', { types: ['dpop+jwt'] });
  });

  test('any text is either taken apart or refused, and what is taken apart is the text again', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '.',
        '..',
        'e30',
        encodeBase64Url('{"alg":"RS256"}'),
        encodeBase64Url('{"alg":"none"}'),
        '=',
        ' ',
      ),
      fc.string({ maxLength: 4 }),
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join('')),
        (text) => {
          try {
            const jws = parseCompactJws(text);
            assert.equal(`${jws.signingInput}.${encodeBase64Url(jws.signature)}`, text);
          } catch (error) {
            assert.ok(error instanceof JoseError);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});

describe('header memo (sidecar-sdk.md 2.1)', () => {
  const token = compact({ alg: 'RS256', kid: 'k', typ: 'at+jwt' });

  test('keeps what a header says and no verdict: every rule is applied to it again', () => {
    const memo = createHeaderMemo();
    const { header } = parseCompactJws(token, { memo });
    assert.equal(parseCompactJws(token, { memo }).header, header);
    refuses(token, 'type_refused', { memo, types: ['JWT'] });
    const critical = compact({ alg: 'RS256', crit: 'exp' });
    for (let round = 0; round < 2; round += 1) refuses(critical, 'header_refused', { memo });
    refuses(`${token}=`, 'token_malformed', { memo });
  });

  test('what one caller gets no other can have changed', () => {
    const memo = createHeaderMemo();
    assert.ok(Object.isFrozen(parseCompactJws(token, { memo }).header));
    const nested = compact({ alg: 'RS256', extra: { a: 1 } });
    assert.notEqual(parseCompactJws(nested, { memo }).header, parseCompactJws(nested, { memo }).header);
  });

  test('holds 256 headers and none that is long', () => {
    const memo = createHeaderMemo();
    const texts = Array.from({ length: 257 }, (_, at) => compact({ alg: 'RS256', kid: `k${at}` }));
    for (const text of texts) parseCompactJws(text, { memo });
    const kept = texts.filter((text) => memo.get(text.slice(0, text.indexOf('.'))) !== undefined);
    assert.equal(kept.length, 256);
    assert.equal(kept[0], texts[1]);
    const long = compact({ alg: 'RS256', extra: 'x'.repeat(1024) });
    parseCompactJws(long, { memo });
    assert.equal(memo.get(long.slice(0, long.indexOf('.'))), undefined);
  });
});
