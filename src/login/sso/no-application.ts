/** What stands in the application's place where there is none: everybody is sent to where they can do something. */
import { refuseUpgrade } from '../../web/respond.ts';
import type { HttpResponse } from '../../web/http.ts';
import { empty } from '../../web/http.ts';
import { emptyAnswer, redirectTo } from '../answers.ts';
import type { LoginConfig } from '../config.ts';
import type { Proxy, ProxiedRequest } from '../proxy/proxy.ts';

/** Answers what is none of our routes: the ingress itself leads to login, all else to the default redirect URL. */
export function createNoApplication({ sso }: Pick<LoginConfig, 'sso'>): Proxy {
  const elsewhere = sso?.defaultRedirectUrl;

  function answer({ http, path, ingress }: ProxiedRequest): HttpResponse {
    // Without a URL to come out at, a login begun here would lead back here.
    if (ingress === undefined || elsewhere === undefined) return emptyAnswer(404);
    const isGet = http.method === 'GET' || http.method === 'HEAD';
    const isHome = isGet && path.segments.length === ingress.segments.length;
    return redirectTo(isHome ? `${ingress.path}/oauth2/login` : elsewhere);
  }

  return {
    handle: (request) => Promise.resolve(answer(request)),
    upgrade: (_request, socket) => {
      refuseUpgrade(socket, empty(404));
      return Promise.resolve();
    },
  };
}
