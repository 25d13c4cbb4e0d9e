import type { BrowserContext, Page } from 'playwright-core';
import { z } from 'zod';
import { idportenRegistration } from '../../src/idp/testing/registrations.ts';
import { guid } from '../../src/idp/testing/rows.ts';
import { codeChallenge, createCodeVerifier } from '../../src/oauth/pkce.ts';
import { serve } from '../../src/web/serve.ts';
import { client, rows } from '../strangers/rows.ts';
import { startProviders } from '../strangers/providers.ts';

/** A running ID-porten with one client on 127.0.0.1, which is another site than the provider's localhost. */
export interface PageWorld {
  readonly clientOrigin: string;
  /** Where browsers sign in. */
  readonly authorizeUrl: (parameters?: Readonly<Record<string, string>>) => string;
  readonly logoutUrl: string;
  /** What browsers asked the client for: method, path and query. */
  readonly asked: string[];
  close(): Promise<void>;
}

const endpoints = z.object({ authorization_endpoint: z.url(), end_session_endpoint: z.url() });

/** Starts both. Close it, or the process stays. */
export async function openPageWorld(): Promise<PageWorld> {
  const asked: string[] = [];
  const app = await serve({
    name: 'Client',
    setting: 'FULLMAKT_TEST_BIND',
    host: '127.0.0.1',
    port: 0,
    handle: async (http) => {
      const body = http.method === 'POST' ? ` ${(await http.body()).toString()}` : '';
      asked.push(`${http.method} ${http.target}${body}`);
      const headers = { 'Content-Type': 'text/html; charset=utf-8' };
      return { status: 200, headers, body: '<!doctype html><html lang="en"><title>Client</title><h1>Client</h1>' };
    },
  });
  const clientOrigin = app.origin;
  const registration = idportenRegistration({
    redirectUris: [`${clientOrigin}/callback`],
    postLogoutRedirectUris: [`${clientOrigin}/bye`],
    frontchannelLogoutUri: `${clientOrigin}/frontchannel`,
    tokenEndpointAuthMethod: 'none',
  });
  const providers = await startProviders(rows([client('permit-portal', guid(1), { keys: [], registration })]), [
    'idporten',
  ]);
  const response = await providers.fetch(`${providers.issuers.idporten}/.well-known/openid-configuration`);
  const metadata = endpoints.parse(await response.json());
  const request = {
    response_type: 'code',
    client_id: guid(1),
    redirect_uri: `${clientOrigin}/callback`,
    scope: 'openid profile',
    state: 'st',
    nonce: 'no',
    code_challenge: codeChallenge(createCodeVerifier()),
    code_challenge_method: 'S256',
  };
  const bye = new URLSearchParams({ client_id: guid(1), post_logout_redirect_uri: `${clientOrigin}/bye` });
  return {
    clientOrigin,
    authorizeUrl: (parameters = {}) =>
      `${metadata.authorization_endpoint}?${new URLSearchParams({ ...request, ...parameters }).toString()}`,
    logoutUrl: `${metadata.end_session_endpoint}?${bye.toString()}`,
    asked,
    close: async () => {
      await providers.close();
      await app.close(0);
    },
  };
}

/** Pages without their style sheet, as some people read. */
export async function withoutStyles(context: BrowserContext): Promise<void> {
  await without(context, AUTHORIZE, /<style>[^]*?<\/style>/);
}

/** Pages without their script, in a browser that has scripts of its own to run; those of the sign-in unless told. */
export async function withoutScript(context: BrowserContext, at: RegExp = AUTHORIZE): Promise<void> {
  await without(context, at, /<script[^>]*>[^]*?<\/script>/);
}

/** The page at the end of a session, which leads on after a while: this one stays. */
export async function withoutRefresh(context: BrowserContext): Promise<void> {
  await without(context, /\/logout\b/, /<meta http-equiv="refresh"[^>]*>/);
}

const AUTHORIZE = /\/authorize\b/;

async function without(context: BrowserContext, at: RegExp, part: RegExp): Promise<void> {
  await context.route(at, async (route) => {
    const response = await route.fetch({ maxRedirects: 0 });
    const body = (await response.text()).replace(part, '');
    await route.fulfill({ response, body });
  });
}

/** Whether anything is wider than the window. */
export async function scrollsSideways(page: Page): Promise<boolean> {
  return await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');
}
