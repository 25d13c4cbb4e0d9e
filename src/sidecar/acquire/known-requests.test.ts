import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import type { CachedToken } from '../../oauth/tokens/cached-token.ts';
import type { Question } from '../../oauth/tokens/refresh-ahead.ts';
import type { HttpResponse } from '../../web/http.ts';
import { answerAgain, createKnownRequests } from './known-requests.ts';
import type { KnownRequest } from './known-requests.ts';

function request(target: string): Pick<KnownRequest, 'wanted' | 'question'> {
  const wanted = {
    provider: 'entra_id',
    target,
    resource: undefined,
    authorizationDetails: undefined,
    skipCache: false,
  };
  const question: Question<string> = {
    digest: target,
    tuple: target,
    matter: { provider: 'entra_id', target },
    isMachine: true,
    load: () => Promise.reject(new Error('nobody asks')),
  };
  return { wanted, question };
}

function token(value: string, secondsLeft: number): CachedToken<string> {
  return { value, secondsLeft, result: 'hit' };
}

test('L1 key-mixup: only the very same bytes in the same encoding are the same request', () => {
  const body = fc.uint8Array({ maxLength: 40 });
  const encoding = fc.constantFrom('json' as const, 'form' as const);
  fc.assert(
    fc.property(fc.array(fc.tuple(body, encoding), { maxLength: 60 }), body, encoding, (kept, other, asked) => {
      const known = createKnownRequests();
      const model = new Map<string, string>();
      for (const [at, [bytes, how]] of kept.entries()) {
        known.keep(Buffer.from(bytes), how, request(String(at)));
        model.set(`${how} ${bytes.join()}`, String(at));
      }
      for (const [bytes, how] of [...kept, [other, asked] as const]) {
        const found = known.find(Buffer.from(bytes), how);
        assert.equal(found?.wanted.target, model.get(`${how} ${bytes.join()}`));
      }
    }),
  );
});

test('L3 bounded-constant: neither many requests nor long ones take more room than there is', () => {
  const known = createKnownRequests();
  for (let each = 0; each < 10_000; each += 1) {
    known.keep(Buffer.from(`body ${each}`), each % 2 === 0 ? 'json' : 'form', request(String(each)));
    assert.ok(known.size <= 256);
    assert.equal(known.find(Buffer.from(`body ${each}`), each % 2 === 0 ? 'json' : 'form')?.wanted.target, `${each}`);
  }
  const [longest, tooLong] = [Buffer.alloc(1024, 'a'), Buffer.alloc(1025, 'a')];
  known.keep(longest, 'json', request('a'));
  known.keep(tooLong, 'json', request('b'));
  assert.equal(known.find(longest, 'json')?.wanted.target, 'a');
  assert.equal(known.find(tooLong, 'json'), undefined);
});

test('an answer is given again for the same token with the same time left, and never for another', () => {
  const values = fc.constantFrom('one', 'two', 'x'.repeat(4096), 'x'.repeat(4097));
  fc.assert(
    fc.property(fc.array(fc.tuple(values, fc.nat({ max: 2 }))), (asked) => {
      const known: KnownRequest = { ...request('a'), last: undefined };
      for (const [value, secondsLeft] of asked) {
        const make = (): HttpResponse => ({ status: 200, body: `${value} ${secondsLeft}` });
        assert.equal(answerAgain(known, token(value, secondsLeft), make).body, `${value} ${secondsLeft}`);
      }
    }),
  );
  const known: KnownRequest = { ...request('a'), last: undefined };
  const first = answerAgain(known, token('one', 1), () => ({ status: 200 }));
  assert.equal(
    answerAgain(known, token('one', 1), () => ({ status: 500 })),
    first,
  );
  answerAgain(known, token('x'.repeat(4097), 1), () => ({ status: 200 }));
  assert.equal(known.last, undefined, 'what is long is not kept twice');
});
