import { headers } from 'next/headers';
import { createElement } from 'react';
import { principalFrom } from '@fullmakt/sdk/next';
import { auth, citizen } from '../../auth.js';

export default async function Who() {
  const { claims } = await principalFrom(auth, citizen, await headers());
  return createElement('p', null, `signed in as ${claims.pid}`);
}
