/** Looks of our pages: one calm card, contrast at WCAG AA in light and dark, everything reachable at 320 px. */
export const PAGE_STYLES: string = `
:root { --ink: #17212b; --quiet: #465563; --paper: #fff; --ground: #eaeff4; --soft: #d5dde5; --accent: #0a5488; --deep: #073f67; --tint: #e6f1f9; --warn: #8a4b00; --warn-tint: #fdf1dd; --good: #146b3a; --good-tint: #e4f4ea; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #eef2f5; --quiet: #b9c4ce; --paper: #1b242d; --ground: #10161c; --soft: #35424e; --accent: #8ccbf7; --deep: #b5defc; --tint: #20384a; --warn: #f5c069; --warn-tint: #423216; --good: #86d6a5; --good-tint: #1b3a29; }
}
body { min-height: 100vh; min-height: 100dvh; display: grid; align-items: center; background: var(--ground); color: var(--ink); hyphens: auto; overflow-wrap: anywhere; }
main { box-sizing: border-box; width: min(36rem, 100% - 2rem); max-width: none; margin: 2rem auto; padding: 2.5rem; background: var(--paper); border-radius: 1rem; box-shadow: 0 1px 2px #0002, 0 12px 32px #0000000f; }
.mark { display: grid; place-items: center; width: 3.5rem; height: 3.5rem; margin: 0 0 1.5rem; border-radius: 50%; background: var(--tint); color: var(--accent); }
.mark.warn { background: var(--warn-tint); color: var(--warn); }
.mark.good { background: var(--good-tint); color: var(--good); }
.mark svg { width: 1.75rem; height: 1.75rem; fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
h1 { margin: 0 0 .75rem; font-size: 1.75rem; letter-spacing: -.01em; text-wrap: balance; }
p { margin: 0 0 .75rem; font-size: 1.0625rem; text-wrap: pretty; }
.advice { color: var(--quiet); }
.actions { display: flex; flex-wrap: wrap; gap: .75rem 1.5rem; align-items: center; margin: 1.75rem 0 0; }
form { margin: 0; }
.primary { display: inline-block; box-sizing: border-box; min-height: 3rem; padding: .625rem 1.5rem; border: 2px solid var(--accent); border-radius: .5rem; background: var(--accent); color: var(--paper); font-weight: 600; text-decoration: none; cursor: pointer; }
.primary:hover { background: var(--deep); border-color: var(--deep); }
.home { padding: .625rem 0; color: var(--accent); text-underline-offset: .2em; }
.home:hover { color: var(--deep); text-decoration-thickness: 2px; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; border-radius: .25rem; }
.reference { margin: 2rem 0 0; padding-top: 1rem; border-top: 1px solid var(--soft); color: var(--quiet); font-size: .875rem; }
.reference code { display: inline-block; color: var(--ink); user-select: all; hyphens: none; }
@media (max-width: 32rem) {
  body { align-items: start; background: var(--paper); }
  main { width: 100%; margin: 0; padding: 1.5rem 1.25rem 2rem; border-radius: 0; box-shadow: none; }
  h1 { font-size: 1.5rem; }
  .actions { flex-direction: column; align-items: stretch; text-align: center; }
  .primary { width: 100%; }
}
@media (forced-colors: active) { .mark { border: 1px solid; } }
`;
