import { appId } from '../../registry/app-id.ts';
import type { AppId } from '../../registry/app-id.ts';
import { manifest } from './bench.ts';
import type { Files } from './bench.ts';

/** The API of {@link CITIZEN}. */
export const api: AppId = appId('local', 'a', 'api');
/** The frontend of {@link CITIZEN}. */
export const front: AppId = appId('local', 'a', 'front');
/** A frontend that citizens log in to, and an API that it calls. */
export const CITIZEN: Files = {
  'a/front.yaml': manifest(
    'front',
    'ingresses: [https://front.example.no]\nlogin: {provider: idporten, level: Level3, autoLogin: true}\ntokenx: {enabled: true}',
  ),
  'a/api.yaml': manifest(
    'api',
    'tokenx: {enabled: true}\nazure: {application: {enabled: true, allowAllUsers: true}}\naccessPolicy: {inbound: {rules: [{application: front}]}}',
  ),
};
