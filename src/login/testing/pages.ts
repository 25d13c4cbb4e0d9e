/** Every page of this room as the routes make them, for tests that look at all of them. */
import type { HttpRequest, HttpResponse } from '../../web/http.ts';
import { problem, refuse } from '../answers.ts';
import type { OwnRequest } from '../context.ts';
import { parseIngress } from '../ingress.ts';
import type { PageName } from '../pages/page-texts.ts';
import { isPageName } from '../pages/page-texts.ts';
import { bouncePage, pageAnswer } from '../pages/pages.ts';

type Make = (request: OwnRequest, target: string) => HttpResponse;

function failed(page: PageName, status: number): Make {
  return (request, target) => problem(request, { page, status, target });
}

function formed(name: PageName, submitsItself: boolean): Make {
  return (request, action) => {
    const form = { action, fields: [['state', action]] as const, destinations: ["'self'"], submitsItself };
    return pageAnswer(request, { name, status: 200, form });
  };
}

const MAKERS: Readonly<Record<PageName, Make>> = {
  cancelled: failed('cancelled', 403),
  'login-failed': failed('login-failed', 500),
  'link-too-old': failed('link-too-old', 400),
  'too-many-logins': failed('too-many-logins', 429),
  'stronger-login': failed('stronger-login', 403),
  'provider-down': failed('provider-down', 503),
  'store-down': (request, retry) => problem(request, { page: 'store-down', status: 503, retry }),
  'confirm-logout': formed('confirm-logout', false),
  'logging-out': formed('logging-out', true),
  'signed-out': failed('signed-out', 200),
  'sign-in-again': failed('sign-in-again', 401),
  'exchange-refused': (request) => refuse(request, 'exchange-refused'),
  'cross-site': (request) => refuse(request, 'cross-site'),
  'signed-in': bouncePage,
};

/** Every page. */
export const PAGES: readonly PageName[] = Object.keys(MAKERS).filter(isPageName);

/** What pages look at in a request. */
export type Asked = Pick<HttpRequest, 'path' | 'query' | 'target' | 'method' | 'headers' | 'correlationId'>;

/** One page as a navigation at `https://app.example.test/app` gets it. */
export function makePage(page: PageName, asked: Asked, target = '/app/next'): HttpResponse {
  const headers = { ...asked.headers, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
  // oxlint-disable-next-line typescript/consistent-type-assertions -- pages look at nothing else of a request
  const http = { ...asked, headers } as HttpRequest;
  return MAKERS[page]({ http, ingress: parseIngress('https://app.example.test/app') }, target);
}
