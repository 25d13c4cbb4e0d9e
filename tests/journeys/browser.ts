import assert from 'node:assert/strict';
import { localFetch, type TestFetch } from '../local-fetch.ts';

/** A page as a person would meet it: where it is, what it says, and the forms on it. */
export interface Page {
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  readonly html: string;
}

/** What to send with a form, beside its hidden fields and defaults; `press` names the button. */
type Fields = Readonly<Record<string, string>>;

/** A browser without script: cookies by host (ports share them, as in real ones), redirects, forms. */
export interface Browser {
  open(url: string, headers?: Readonly<Record<string, string>>): Promise<Page>;
  /** Sends the form with this id (or the only one), as the button with this id would. */
  submit(page: Page, formId: string | undefined, fields: Fields, buttonId?: string): Promise<Page>;
  readonly visited: readonly string[];
  cookies(host: string): ReadonlyMap<string, string>;
}

const NAVIGATION = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', accept: 'text/html' };

/** A new browser with an empty cookie jar; `fetch` may be one that trusts the local CA. */
export function createBrowser(fetch: TestFetch = localFetch(undefined)): Browser {
  const jar = new Map<string, Map<string, string>>();
  const visited: string[] = [];

  const go = async (url: string, init: NonNullable<Parameters<TestFetch>[1]>, hops = 0): Promise<Page> => {
    assert.ok(hops < 20, `more than twenty redirects, the last to ${url}`);
    visited.push(url);
    const { hostname } = new URL(url);
    const cookies = [...(jar.get(hostname) ?? [])].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { ...NAVIGATION, ...init.headers, ...(cookies && { cookie: cookies }) };
    const response = await fetch(url, { ...init, headers });
    remember(jar, hostname, response.headers.getSetCookie());
    const location = response.headers.get('location');
    if (location !== null && response.status >= 300 && response.status < 400) {
      return go(new URL(location, url).href, { headers: { 'sec-fetch-site': siteOf(url, location) } }, hops + 1);
    }
    return { url, status: response.status, headers: response.headers, html: await response.text() };
  };

  return {
    visited,
    cookies: (host) => jar.get(host) ?? new Map(),
    open: (url, headers = {}) => go(url, { headers: { 'sec-fetch-site': 'none', ...headers } }),
    submit: (page, formId, fields, buttonId) => {
      const form = readForm(page, formId, buttonId);
      const values = new URLSearchParams({ ...form.values, ...fields });
      const headers = { 'sec-fetch-site': 'same-origin', origin: new URL(page.url).origin };
      if (form.method === 'get') return go(`${form.action.split('?', 1)[0] ?? ''}?${values.toString()}`, { headers });
      return go(form.action, {
        method: 'POST',
        body: values.toString(),
        headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
      });
    },
  };
}

function siteOf(from: string, to: string): string {
  const target = new URL(to, from);
  return new URL(from).host === target.host ? 'same-origin' : 'same-site';
}

function remember(jar: Map<string, Map<string, string>>, host: string, lines: readonly string[]): void {
  const cookies = jar.get(host) ?? new Map<string, string>();
  jar.set(host, cookies);
  for (const line of lines) {
    const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
    const at = pair.indexOf('=');
    const gone = attributes.some((each) => /^max-age=(0|-\d+)$/i.test(each) || /^expires=thu, 01 jan 1970/i.test(each));
    if (gone) cookies.delete(pair.slice(0, at));
    else cookies.set(pair.slice(0, at), pair.slice(at + 1));
  }
}

interface FormOnPage {
  readonly action: string;
  readonly method: string;
  readonly values: Record<string, string>;
}

function readForm(page: Page, id: string | undefined, buttonId: string | undefined): FormOnPage {
  const forms = [...page.html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/gi)];
  const match = forms.find(([, attributes = '']) => id === undefined || attribute(attributes, 'id') === id);
  assert.ok(match, `no form ${id ?? ''} on ${page.url} (${page.status}):\n${page.html.slice(0, 2000)}`);
  const [, opening = '', inner = ''] = match;
  const values: Record<string, string> = {};
  for (const [, input = ''] of inner.matchAll(/<input\b([^>]*)>/gi)) {
    const type = attribute(input, 'type') ?? 'text';
    const checked = !['radio', 'checkbox'].includes(type) || /\bchecked\b/.test(input);
    const name = attribute(input, 'name');
    if (name !== undefined && checked && type !== 'submit') values[name] = attribute(input, 'value') ?? '';
  }
  for (const [, button = ''] of inner.matchAll(/<button\b([^>]*)>/gi)) {
    const name = attribute(button, 'name');
    if (name !== undefined && buttonId !== undefined && attribute(button, 'id') === buttonId)
      values[name] = attribute(button, 'value') ?? '';
  }
  return {
    action: new URL(attribute(opening, 'action') ?? page.url, page.url).href,
    method: (attribute(opening, 'method') ?? 'get').toLowerCase(),
    values,
  };
}

function attribute(text: string, name: string): string | undefined {
  const found = new RegExp(`(?:^|\\s)${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s>]+))`, 'i').exec(text);
  const value = found?.[1] ?? found?.[2] ?? found?.[3];
  return value
    ?.replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}
