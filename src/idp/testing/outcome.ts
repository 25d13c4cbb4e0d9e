import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isJsonObject } from '../../oauth/objects.ts';

/** One malformed request: its row of the table and what is wrong, the request, and the answer in one line. */
export type Row = readonly [title: string, ask: () => Promise<string>, expected: string];

/** A test for each row, named `malformed-<row>`. */
export function testRows(service: string, rows: readonly Row[]): void {
  for (const [title, ask, expected] of rows) {
    test(`malformed-${title}, at ${service}: ${expected.slice(0, 60)}`, async () => {
      assert.equal(await ask(), expected);
    });
  }
}

/** What tests compare of an answer, in one line: status, error and number; where it redirects; which error a page shows; `Allow`; that nothing is in it. */
export async function outcome(response: Response): Promise<string> {
  const { status, headers } = response;
  const text = await response.text();
  const location = headers.get('location');
  if (location !== null) return `${status} ${redirection(new URL(location))}`;
  const allow = headers.get('allow');
  if (text === '') return `${status} empty${allow === null ? '' : `, Allow: ${allow}`}`;
  if (text.startsWith('<!doctype html>')) {
    const shown = /<code id="fm-error">([^<]+)</.exec(text)?.[1];
    return `${status} page${shown === undefined ? '' : ` ${shown}`}`;
  }
  const body: unknown = JSON.parse(text);
  if (!isJsonObject(body) || typeof body['error'] !== 'string') return `${status}`;
  const stored = headers.get('cache-control') !== 'no-store' || headers.get('content-type') !== JSON_TYPE;
  const { error_codes: codes, error_uri: uri } = body;
  const number = Array.isArray(codes) ? codes.map(String) : typeof uri === 'string' ? [uri.split('/').at(-1)] : [];
  return [status, body['error'], ...number, ...(stored ? ['(may be stored)'] : [])].join(' ');
}

const JSON_TYPE = 'application/json;charset=UTF-8';

function redirection(url: URL): string {
  const parameters = [...url.searchParams].filter(([name]) => name !== 'error_description' && name !== 'error_uri');
  return parameters.map(([name, value]) => (name === 'error' ? value : `${name}=${value}`)).join(' ');
}
