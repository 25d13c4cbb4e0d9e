import { createHash } from 'node:crypto';

const markup: unique symbol = Symbol('markup');

/** Text that is markup already and is not escaped again. Only `html` and `raw` make it. */
export interface Html {
  readonly [markup]: string;
  toString(): string;
}

/** What may stand in a template: markup as it is, everything else escaped; `false` and `undefined` leave nothing. */
export type HtmlValue = Html | string | number | false | undefined | readonly HtmlValue[];

/** A template whose values cannot become markup, in text and in quoted attributes alike. */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  let text = strings[0] ?? '';
  for (const [index, value] of values.entries()) text += render(value) + (strings[index + 1] ?? '');
  return raw(text);
}

/** Markup of our own making; never for anything that came from outside. */
export function raw(text: string): Html {
  return { [markup]: text, toString: () => text };
}

/** What a page is made of. */
export interface PageContent {
  readonly lang: string;
  readonly title: string;
  readonly body: Html;
  /** A line above everything else, on every page of a local test service for instance. */
  readonly banner?: string;
  /** CSS after the built-in rules. */
  readonly styles?: string;
  /** A script of our own, allowed by its hash or the nonce. The page has to work without it. */
  readonly script?: string;
  /** Allows styles and script by this nonce, fresh for every answer, instead of by their hashes (CSP 3, 2.3.1). */
  readonly nonce?: string;
  /** Seconds and target of an automatic move to another page. */
  readonly refresh?: { readonly seconds: number; readonly url: string };
}

/** A whole page that needs no script, and the Content-Security-Policy to send with it. */
export function page(content: PageContent): { html: string; csp: string } {
  const styles = `${BASE_STYLES}${content.styles ?? ''}`;
  const refresh =
    content.refresh &&
    html`<meta http-equiv="refresh" content="${content.refresh.seconds}; url=${content.refresh.url}">`;
  const mark = content.nonce !== undefined && html` nonce="${content.nonce}"`;
  const script = content.script === undefined ? undefined : html`<script${mark}>${raw(content.script)}</script>`;
  const document = html`<!doctype html>
<html lang="${content.lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${content.title}</title>
${refresh}<style${mark}>${raw(styles)}</style>
</head>
<body>
${content.banner !== undefined && html`<p class="banner" role="note">${content.banner}</p>`}
<main>
${content.body}
</main>
${script}</body>
</html>
`;
  const source = (text: string): string => (content.nonce === undefined ? sourceHash(text) : `nonce-${content.nonce}`);
  const scriptSource = content.script === undefined ? '' : `script-src '${source(content.script)}'; `;
  return {
    html: document.toString(),
    csp: `default-src 'none'; style-src '${source(styles)}'; ${scriptSource}base-uri 'none'; frame-ancestors 'none'`,
  };
}

const BASE_STYLES = `
:root { color-scheme: light dark; font: 100%/1.5 system-ui, sans-serif; }
body { margin: 0; }
main { max-width: 40rem; margin: 2rem auto; padding: 0 1rem; }
h1 { line-height: 1.2; }
.banner { margin: 0; padding: .5rem 1rem; background: #7a2e00; color: #fff; text-align: center; }
a, button, input, select { font: inherit; }
button, input, select { padding: .5rem .75rem; }
:focus-visible { outline: 3px solid; outline-offset: 2px; }
table { border-collapse: collapse; }
th, td { padding: .25rem .75rem .25rem 0; text-align: left; vertical-align: top; }
`;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function render(value: HtmlValue): string {
  if (value === undefined || value === false) return '';
  if (typeof value === 'string') return value.replaceAll(/[&<>"']/g, (character) => ESCAPES[character] ?? '');
  if (typeof value === 'number') return String(value);
  return isList(value) ? value.map(render).join('') : value[markup];
}

function isList(value: Html | readonly HtmlValue[]): value is readonly HtmlValue[] {
  return Array.isArray(value);
}

function sourceHash(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
