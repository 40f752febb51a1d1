"""The style sheet of a report: what every page has, and what only a report draws."""

from tagger.display.style import PAGE_CSS

CSS = (
    PAGE_CSS
    + """
:root{--base:#39424e;--trained:#d9480f;--trained2:#a33b7d;--oracle:#8a8f98;--monitored:#1f6fb2;
--rule1:#1f6fb2;--rule2:#0b8f7a;--rule3:#7a5cc9;--rule4:#a07a12;--rule5:#b5487a;--rule6:#5b7083;--rule7:#8c5a2b;--hull:#1f6fb2;--answer:#dfe3e8}
@media (prefers-color-scheme:dark){:root{--base:#c3cad4;--trained:#ff7a3d;--trained2:#e078b6;
--oracle:#8f97a3;--monitored:#5aa9e6;--rule1:#5aa9e6;--rule2:#35c4aa;--rule3:#a98bf0;
--rule4:#d8b04a;--rule5:#e58ab4;--rule6:#9db2c4;--rule7:#cf9a66;--hull:#5aa9e6;--answer:#3a424d}}
ul.claims{list-style:none;padding:0;margin:10px 0 4px}
ul.claims li{display:grid;grid-template-columns:142px 1fr;gap:14px;padding:10px 0;
border-top:1px solid var(--line)}
ul.claims li:first-child{border-top:0}
.verdict{align-self:start;justify-self:start;border-radius:999px;padding:2px 11px;font-size:13px;
font-weight:650;white-space:nowrap}
.yes{background:var(--goodbg);color:var(--good)}.no{background:var(--badbg);color:var(--bad)}
.unsure{background:var(--openbg);color:var(--open)}
p.warning{background:var(--badbg);color:var(--bad);border-radius:8px;padding:9px 13px}
.dot{display:inline-block;width:10px;height:10px;border-radius:3px;margin-right:8px}
td small.chosen{color:var(--monitored);font-weight:650}
@media (max-width:760px){ul.claims li{grid-template-columns:1fr;gap:4px}}
.trace{border:1px solid var(--line);border-radius:10px;max-height:860px;overflow:auto}
.trace header{position:sticky;top:0;background:var(--paper);border-bottom:1px solid var(--line);
padding:9px 13px;font-size:13.5px;font-weight:600}
.trace header .facts{font-weight:400;color:var(--soft)}
.step{border-left:5px solid;padding:6px 13px 7px 11px;font-size:14px;line-height:1.45;
border-bottom:1px solid var(--line)}
.step pre,.final pre{margin:0;white-space:pre-wrap;overflow-wrap:anywhere;font:inherit}
.step .kind{display:flex;justify-content:space-between;font-size:11.5px;color:var(--soft)}
.step .kind b{font-weight:650}
.step.check{background:color-mix(in srgb,#e8590c 9%,transparent)}
.final{padding:9px 13px;font-size:14px}
.question{background:var(--ground);border-radius:8px;padding:9px 13px;margin:6px 0 12px;
font-size:14.5px;white-space:pre-wrap}
@media print{.trace{max-height:none}}
"""
)
