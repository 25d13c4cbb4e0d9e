import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRedirectAddress } from './redirect-address.ts';

test('RFC 6749 3.1.2: clients register absolute addresses without fragment, and no scheme that the browser itself runs or reads', () => {
  for (const address of [
    'http://localhost:3000/callback',
    'https://a.test',
    'com.example.app:/callback',
    'app://x?y=z',
  ])
    assert.ok(isRedirectAddress(address), address);
  for (const address of [
    '',
    'callback',
    '/callback',
    '//a.test',
    'https://',
    'https://a.test/#x',
    'https://a.test/ b',
    'javascript:alert(1)',
    'JavaScript://a.test/%0aalert(1)',
    'data:text/html,x',
    'file:///etc/passwd',
    'blob:https://a.test/x',
  ])
    assert.ok(!isRedirectAddress(address), address);
});
