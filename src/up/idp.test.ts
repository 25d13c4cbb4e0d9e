import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bindsOf } from '../idp/origins.ts';
import type { UpConfig } from './settings.ts';
import { idpConfigOfUp } from './idp.ts';

function optionsWith(portOffset: number): Parameters<typeof idpConfigOfUp>[0] {
  const up: UpConfig = {
    portOffset,
    cluster: 'local',
    organisation: { orgno: '310000019', prefix: 'demo' },
    organisations: {},
    logLevel: 'info',
  };
  return { stateDir: '/state', env: {}, config: up };
}

test('the port offset moves every address of the local providers, of those too that only a setting starts', () => {
  const [usual, moved] = [0, 1000].map((offset) => {
    const settings = idpConfigOfUp(optionsWith(offset));
    return [...bindsOf(settings), settings.controlBind].map(({ port }) => port);
  });
  assert.deepEqual(
    moved,
    usual?.map((port) => port + 1000),
  );
});
