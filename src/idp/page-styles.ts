/** Looks of the local services' pages: one calm column, contrast at WCAG AA in light and dark. */
export const PAGE_STYLES: string = `
:root { --ink: #1c2733; --quiet: #4a5866; --paper: #ffffff; --ground: #eef2f5; --line: #8a97a3; --accent: #0b5a8f; --alert: #a3161b; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #eef2f5; --quiet: #b9c4ce; --paper: #1d2731; --ground: #11181f; --line: #7c8995; --accent: #7cc4f5; --alert: #ff9d9d; }
}
body { background: var(--ground); color: var(--ink); }
.banner { background: #7a2e00; color: #fff; font-weight: 600; border-bottom: 4px dashed #ffb38a; }
main { max-width: 32rem; margin: 1.5rem auto 3rem; background: var(--paper); border-radius: .75rem; padding: 1.5rem 1.5rem 2rem; box-sizing: border-box; box-shadow: 0 1px 3px #0003; }
@media (max-width: 34rem) { main { margin: 0; border-radius: 0; min-height: 80vh; padding: 1.25rem 1rem 2rem; } }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; }
p { margin: .25rem 0 1rem; color: var(--quiet); }
fieldset { border: 0; margin: 0 0 1.25rem; padding: 0; min-width: 0; }
legend, .label { font-weight: 600; padding: 0; margin: 0 0 .5rem; display: block; color: var(--ink); }
.choice { display: flex; gap: .75rem; align-items: center; padding: .5rem .75rem; border: 1px solid var(--line); border-radius: .5rem; margin: 0 0 .375rem; cursor: pointer; }
.choice:has(:checked) { border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent); }
.choice:focus-within { outline: 3px solid var(--accent); outline-offset: 2px; }
.choice input { accent-color: var(--accent); width: 1.25rem; height: 1.25rem; margin: 0; flex: none; padding: 0; }
.choice small { color: var(--quiet); display: block; }
.people { max-height: 24rem; overflow: auto; padding: 4px; margin: -4px; }
input[type=text] { width: 100%; box-sizing: border-box; border: 1px solid var(--line); border-radius: .5rem; background: var(--paper); color: var(--ink); }
.help { display: block; color: var(--quiet); font-size: .875rem; margin: 0 0 .375rem; }
.problem { border-left: 4px solid var(--alert); padding: .5rem .75rem; color: var(--alert); font-weight: 600; }
.actions { display: flex; gap: .75rem; flex-wrap: wrap; }
button, .button { display: inline-block; border: 2px solid var(--accent); border-radius: .5rem; background: var(--accent); color: var(--paper); padding: .625rem 1.5rem; font-weight: 600; text-decoration: none; cursor: pointer; }
button.second { background: transparent; color: var(--accent); }
code { overflow-wrap: anywhere; color: var(--ink); }
iframe { display: none; }
`;
