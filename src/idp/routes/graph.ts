import type { Route } from '../../web/router.ts';
import { atEndpoint } from '../engine/endpoint.ts';
import { answerGraphUserinfo } from '../graph/userinfo.ts';
import type { Realm } from '../persona.ts';

/** The local Graph: what Entra ID's own metadata points at. */
export function graphRoutes(realm: Realm): readonly Route[] {
  return (['GET', 'POST'] as const).map((method) => ({
    method,
    path: '/oidc/userinfo',
    handle: (http) => atEndpoint({ realm, endpoint: 'userinfo' }, http, () => answerGraphUserinfo(realm, http)),
  }));
}
