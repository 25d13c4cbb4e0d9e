import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { isRedisAddress, parseRedisAddress } from './redis-address.ts';

const server = { host: 'h', port: 6379 };

describe('the address of a Redis store', () => {
  it('names one server, with user, password and database', () => {
    for (const scheme of ['redis', 'valkey']) {
      assert.deepEqual(parseRedisAddress(`${scheme}://h`), {
        kind: 'single',
        nodes: [server],
        primaryName: '',
        database: 0,
        tls: false,
      });
    }
    assert.deepEqual(parseRedisAddress('rediss://me:p%40ss:word@h:7000/3'), {
      kind: 'single',
      nodes: [{ host: 'h', port: 7000 }],
      primaryName: '',
      database: 3,
      tls: true,
      username: 'me',
      password: 'p@ss:word',
    });
    assert.equal(parseRedisAddress('redis://:secret@h').password, 'secret');
    assert.deepEqual(parseRedisAddress('redis://[::1]:7000').nodes, [{ host: '::1', port: 7000 }]);
    assert.deepEqual(parseRedisAddress('redis://h:80').nodes, [{ host: 'h', port: 80 }]);
  });

  it('names sentinels and what they call the primary', () => {
    const address = parseRedisAddress('redis+sentinel://:secret@h1,h2:7000/main');
    assert.equal(address.kind, 'sentinel');
    assert.equal(address.primaryName, 'main');
    assert.equal(address.password, 'secret');
    assert.deepEqual(address.nodes, [
      { host: 'h1', port: 26_379 },
      { host: 'h2', port: 7000 },
    ]);
  });

  it('names some nodes of a cluster', () => {
    const address = parseRedisAddress('rediss+cluster://h1,h2:7000');
    assert.deepEqual(parseRedisAddress('valkeys+cluster://h1,h2:7000'), address);
    assert.equal(address.kind, 'cluster');
    assert.equal(address.tls, true);
    assert.deepEqual(address.nodes, [
      { host: 'h1', port: 6379 },
      { host: 'h2', port: 7000 },
    ]);
  });

  it('is refused when it is wrong, and no part of it is told', () => {
    const wrong = [
      'http://canary',
      'redis://',
      'redis://canary:0',
      'redis://canary:99999',
      'redis://canary:x',
      'redis://:canary%@h',
      'redis://canary/main',
      'redis://canary/1/2',
      'redis://h?password=canary',
      'redis://a@canary@h',
      'redis+sentinel://canary',
      'redis+cluster://canary/1',
      'redis+cluster://canary,,h',
      'redis://canary,h',
      'redis+other://canary',
      'constructor://canary',
      '',
    ];
    for (const text of wrong) {
      assert.throws(
        () => parseRedisAddress(text),
        (error) => error instanceof Error && error.message !== '' && !inspect(error.message).includes('canary'),
        text,
      );
    }
  });

  it('is read or refused with an Error, whatever it is, and shows nothing of itself', () => {
    const noise = fc.oneof(
      fc.string(),
      fc
        .tuple(fc.constantFrom('redis://', 'redis+sentinel://', 'redis+cluster://'), fc.string())
        .map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(noise, (text) => {
        try {
          const { nodes } = parseRedisAddress(text);
          assert.ok(isRedisAddress(text));
          for (const { host, port } of nodes) assert.ok(host !== '' && port > 0 && port < 65_536);
        } catch (error) {
          assert.ok(error instanceof Error && !(error instanceof TypeError) && error.name === 'Error', String(error));
        }
      }),
    );
  });
});
