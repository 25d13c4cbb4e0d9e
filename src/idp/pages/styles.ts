/** Looks of the local services' pages: one calm card, contrast at WCAG AA in light and dark, everything reachable at 320 px. */
export const PAGE_STYLES: string = `
:root { --ink: #17212b; --quiet: #465563; --paper: #ffffff; --ground: #e9eef3; --line: #7d8b98; --soft: #d5dde5; --accent: #0a5488; --tint: #eaf3fa; --alert: #a3161b; --alert-tint: #fdeeee; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #eef2f5; --quiet: #b9c4ce; --paper: #1b242d; --ground: #10161c; --line: #7c8995; --soft: #35424e; --accent: #86c9f6; --tint: #20303d; --alert: #ffa3a3; --alert-tint: #3a2024; }
}
body { background: var(--ground); color: var(--ink); min-height: 100vh; }
.banner { background: repeating-linear-gradient(135deg, #7a2e00 0 24px, #6b2800 24px 48px); color: #fff; font-weight: 600; font-size: .9375rem; padding: .625rem 1rem; }
main { max-width: 44rem; margin: 2rem auto 4rem; background: var(--paper); border-radius: .75rem; border-top: 6px solid var(--accent); padding: 1.25rem 2rem 2rem; box-sizing: border-box; box-shadow: 0 1px 2px #0002, 0 8px 24px #0000000f; }
h1 { font-size: 1.75rem; letter-spacing: -.01em; margin: 1rem 0 .25rem; }
main > h1:first-child { margin-top: .75rem; }
p { margin: .25rem 0 1.25rem; color: var(--quiet); }
p strong { color: var(--ink); overflow-wrap: anywhere; }
fieldset { border: 0; margin: 0 0 1.5rem; padding: 0; min-width: 0; }
.field { margin: 0 0 1.5rem; }
legend, .label { font-weight: 600; padding: 0; margin: 0 0 .375rem; display: block; color: var(--ink); }
fieldset > legend { font-size: 1.125rem; margin-bottom: .5rem; }
fieldset .field { margin: 0 0 .75rem; }
fieldset .field .label { font-weight: 400; color: var(--quiet); font-size: .9375rem; }
.languages { display: flex; flex-wrap: wrap; justify-content: flex-end; gap: .125rem .25rem; font-size: .9375rem; margin: 0 -.5rem; }
.languages > * { padding: .25rem .5rem; }
.languages [aria-current] { font-weight: 600; border-bottom: 2px solid var(--accent); }
.people, .levels { display: grid; gap: .5rem; grid-template-columns: repeat(auto-fill, minmax(min(17rem, 100%), 1fr)); }
.people { max-height: 27rem; overflow: auto; padding: 4px; margin: -4px; }
.choice { display: flex; gap: .75rem; align-items: center; padding: .5rem .75rem; border: 1px solid var(--line); border-radius: .5rem; cursor: pointer; min-width: 0; }
.choice:hover { background: var(--tint); }
.choice:has(:checked) { border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent); background: var(--tint); }
.choice:focus-within, .tick:focus-within { outline: 3px solid var(--accent); outline-offset: 1px; }
.choice input, .tick input { accent-color: var(--accent); width: 1.25rem; height: 1.25rem; margin: 0; flex: none; padding: 0; }
.choice span { min-width: 0; overflow-wrap: anywhere; }
.choice small { color: var(--quiet); display: block; font-variant-numeric: tabular-nums; }
input[type=text] { width: 100%; box-sizing: border-box; border: 1px solid var(--line); border-radius: .5rem; background: var(--paper); color: var(--ink); min-height: 2.75rem; }
#fm-pid { max-width: 17rem; font-variant-numeric: tabular-nums; }
[aria-invalid] { border: 2px solid var(--alert) !important; }
.search { display: flex; gap: .5rem; }
.help { display: block; color: var(--quiet); font-size: .9375rem; font-weight: 400; margin: 0 0 .375rem; }
p.help { margin: .5rem 0 0; }
fieldset > legend.help { font-size: .9375rem; margin-bottom: .75rem; }
.problem { border: 2px solid var(--alert); border-left-width: 8px; border-radius: .5rem; background: var(--alert-tint); padding: .75rem 1rem; margin: 0 0 1.5rem; }
.problem h2 { font-size: 1.0625rem; margin: 0 0 .25rem; color: var(--ink); }
.problem a, .wrong { color: var(--alert); font-weight: 600; }
.wrong { display: block; margin-top: .375rem; }
details { border: 1px solid var(--soft); border-radius: .5rem; margin: 0 0 1.5rem; }
summary { padding: .625rem .75rem; cursor: pointer; border-radius: .5rem; color: var(--quiet); }
summary:hover { background: var(--tint); }
details[open] > summary { margin-bottom: .5rem; }
details fieldset { margin: 0; padding: 0 .75rem .75rem; }
.tick { display: flex; gap: .75rem; padding: .375rem .25rem; border-radius: .25rem; cursor: pointer; }
.tick small { display: block; color: var(--quiet); }
.actions { display: flex; gap: .75rem; flex-wrap: wrap; }
button, .button { display: inline-block; border: 2px solid var(--accent); border-radius: .5rem; background: var(--accent); color: var(--paper); padding: .5rem 1.5rem; min-height: 2.75rem; box-sizing: border-box; font-weight: 600; text-decoration: none; cursor: pointer; }
button.second { background: transparent; color: var(--accent); }
button.second:hover { background: var(--tint); }
button.link { border: 0; background: none; color: var(--accent); font-weight: 400; min-height: 0; text-decoration: underline; text-underline-offset: .2em; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.choice input:focus-visible, .tick input:focus-visible { outline: none; }
code { overflow-wrap: anywhere; color: var(--ink); }
#fm-error { display: inline-block; background: var(--alert-tint); color: var(--alert); border-radius: .375rem; padding: .25rem .625rem; font-size: 1.0625rem; font-weight: 600; }
iframe { display: none; }
@media (max-width: 44rem) { main { margin: 0; border-radius: 0; min-height: 80vh; padding: 1rem 1rem 2rem; } .languages { justify-content: flex-start; } h1 { font-size: 1.5rem; } }
@media (forced-colors: active) { .choice:has(:checked) { outline: 2px solid; } }
`;
