import type { Chain, Hop, Refusal } from './chain.ts';
import type { Answer } from './serve.ts';

/** One section of a page: a heading, a sentence, and the chain it shows. */
export interface Section {
  readonly heading: string;
  readonly says: string;
  readonly chain: Chain;
}

/** A page of chains: per hop who called, issuer, audience, subject, level. */
export function chainPage(
  title: string,
  links: Readonly<Record<string, string>>,
  sections: readonly Section[],
): Answer {
  const nav = Object.entries(links)
    .map(([href, text]) => `<a href="${escape(href)}">${escape(text)}</a>`)
    .join(' ');
  const body = sections.map(sectionHtml).join('');
  return {
    status: 200,
    html: `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escape(title)}</title><style>${style}</style></head><body><main><h1>${escape(title)}</h1><nav>${nav}</nav>${body}</main></body></html>`,
  };
}

function sectionHtml({ heading, says, chain }: Section): string {
  const refusal = chain.refusal === undefined ? '' : refusalHtml(chain.refusal);
  return `<section><h2>${escape(heading)}</h2><p>${escape(says)}</p><ol class="chain">${chain.hops.map(hopHtml).join('')}</ol>${refusal}</section>`;
}

function hopHtml(hop: Hop): string {
  const rows = [
    ['called by', hop.caller],
    ['issuer', hop.issuer],
    ['audience', hop.audience],
    ['subject', hop.subject],
    ['level', hop.level],
  ];
  const list = rows.map(([term = '', text = '']) => `<dt>${escape(term)}</dt><dd>${escape(text)}</dd>`).join('');
  return `<li class="hop" data-service="${escape(hop.service)}"><h3>${escape(hop.service)}</h3><dl>${list}</dl></li>`;
}

function refusalHtml(refusal: Refusal): string {
  const remedy = refusal.remedy === '' ? '' : `<p class="remedy">${escape(refusal.remedy)}</p>`;
  return `<div class="refusal" role="note"><strong>${escape(refusal.by)} refused: ${refusal.status} <code>${escape(refusal.error)}</code></strong>
<p>${escape(refusal.description)}</p>${remedy}</div>`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

const style = `:root{color-scheme:light dark;--line:#c9ced6;--soft:#f4f6f8;--bad:#b3261e}
@media (prefers-color-scheme:dark){:root{--line:#3c434d;--soft:#20252c;--bad:#ff9b93}}
body{font:16px/1.5 system-ui,sans-serif;margin:0}main{max-width:56rem;margin:0 auto;padding:2rem 1rem}
h1{font-size:1.6rem}h2{font-size:1.15rem;margin-top:2rem}h3{font-size:1rem;margin:0 0 .5rem}nav a{margin-right:1rem}
.chain{list-style:none;padding:0;display:grid;gap:1.25rem}.hop{position:relative;border:1px solid var(--line);border-radius:.6rem;padding:.9rem 1.1rem;background:var(--soft)}
.hop+.hop::before{content:"\\2193";position:absolute;top:-1.35rem;left:1.5rem}
dl{display:grid;grid-template-columns:6rem 1fr;gap:.15rem .8rem;margin:0}dt{opacity:.75}dd{margin:0;overflow-wrap:anywhere;font-family:ui-monospace,monospace;font-size:.9em}
.refusal{border-left:.3rem solid var(--bad);padding:.4rem 1rem;margin-top:1rem}.refusal p{margin:.3rem 0}`;
