"""The style sheet of a report: one column, light and dark, good on paper too."""

CSS = """
:root{--ink:#1c2430;--soft:#5c6675;--grid:#e4e7ec;--paper:#ffffff;--ground:#f5f6f8;--line:#e1e5ea;
--base:#39424e;--trained:#d9480f;--trained2:#a33b7d;--oracle:#8a8f98;--monitored:#1f6fb2;
--rule1:#1f6fb2;--rule2:#0b8f7a;--rule3:#7a5cc9;--rule4:#a07a12;--hull:#1f6fb2;--answer:#dfe3e8;
--rest:#adb5bd;--good:#2b8a3e;--bad:#c92a2a;--open:#92660a;--goodbg:#e8f6ec;--badbg:#fdecec;
--openbg:#fdf4de;
--sans:system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue','DejaVu Sans',sans-serif;
--mono:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9ee;--soft:#9aa4b2;--grid:#2a313b;
--paper:#171c23;--ground:#0f1318;--line:#2a313b;--base:#c3cad4;--trained:#ff7a3d;
--trained2:#e078b6;--oracle:#8f97a3;--monitored:#5aa9e6;--rule1:#5aa9e6;--rule2:#35c4aa;
--rule3:#a98bf0;--rule4:#d8b04a;--hull:#5aa9e6;--answer:#3a424d;--rest:#59626e;--good:#51cf66;
--bad:#ff8787;--open:#ffd43b;--goodbg:#16301d;--badbg:#3a1c1c;--openbg:#352b10}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.55 var(--sans)}
main{max-width:1080px;margin:0 auto;padding:34px 20px 60px}
h1{font-size:30px;line-height:1.2;margin:0 0 6px;letter-spacing:-.01em}
h2{font-size:21px;margin:0 0 4px}
h3{font-size:16px;margin:22px 0 6px}
p{margin:6px 0 12px;max-width:74ch}
.lead{font-size:19px;line-height:1.45;margin:0 0 10px;max-width:66ch}
.meta,.note{color:var(--soft);font-size:14px;max-width:none}
section{background:var(--paper);border:1px solid var(--line);border-radius:12px;
padding:24px 26px 20px;margin:18px 0}
svg{display:block;width:100%;height:auto;margin:12px 0 4px}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(205px,1fr));gap:12px;
margin:20px 0 4px}
.tile{background:var(--paper);border:1px solid var(--line);border-radius:12px;padding:15px 17px}
.tile b{display:block;font-size:29px;line-height:1.15;font-variant-numeric:tabular-nums}
.tile span{display:block;font-size:13.5px;color:var(--soft)}
.tile .name{color:var(--ink);font-weight:600;margin-bottom:5px}
ul.claims{list-style:none;padding:0;margin:10px 0 4px}
ul.claims li{display:grid;grid-template-columns:142px 1fr;gap:14px;padding:10px 0;
border-top:1px solid var(--line)}
ul.claims li:first-child{border-top:0}
.verdict{align-self:start;justify-self:start;border-radius:999px;padding:2px 11px;font-size:13px;
font-weight:650;white-space:nowrap}
.yes{background:var(--goodbg);color:var(--good)}.no{background:var(--badbg);color:var(--bad)}
.unsure{background:var(--openbg);color:var(--open)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:13.5px;font-variant-numeric:tabular-nums}
th,td{padding:6px 6px;text-align:right;border-top:1px solid var(--line);vertical-align:top}
th{font-weight:600;color:var(--soft);border-top:0;font-size:13px;vertical-align:bottom;
line-height:1.3}
th:first-child,td:first-child{text-align:left;white-space:nowrap}
td small{display:block;font-weight:400;color:var(--soft);font-size:11px;white-space:nowrap;
line-height:1.3}
tr.group td{background:var(--ground);color:var(--soft);font-weight:600;font-size:13px}
tr.hero td:first-child{font-weight:650}td:first-child small{padding-left:18px}
table.plain td{text-align:left}table.plain td:first-child{color:var(--soft);width:190px}
.dot{display:inline-block;width:10px;height:10px;border-radius:3px;margin-right:8px}
td small.chosen{color:var(--monitored);font-weight:650}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:18px}
@media (max-width:760px){.pair{grid-template-columns:1fr}section{padding:18px 16px}
ul.claims li{grid-template-columns:1fr;gap:4px}}
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
pre.code{background:var(--ground);border-radius:8px;padding:12px 14px;overflow-x:auto;
font:12.5px/1.5 var(--mono);white-space:pre-wrap;overflow-wrap:anywhere}
code{font:13px var(--mono);overflow-wrap:anywhere}
details summary{cursor:pointer;color:var(--soft);font-size:14px;margin:6px 0}
footer{color:var(--soft);font-size:13px;margin-top:22px}
@media print{body{background:#fff}section,.tile{break-inside:avoid;border-color:#ccc}
.trace{max-height:none}}
"""
