"""The style sheet of every page: one column, light and dark, good on paper too."""

PAGE_CSS = """
:root{--ink:#1c2430;--soft:#5c6675;--grid:#e4e7ec;--paper:#ffffff;--ground:#f5f6f8;--line:#e1e5ea;
--rest:#adb5bd;--good:#2b8a3e;--bad:#c92a2a;--open:#92660a;--goodbg:#e8f6ec;--badbg:#fdecec;
--openbg:#fdf4de;--first:#1f6fb2;--second:#d9480f;
--sans:system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue','DejaVu Sans',sans-serif;
--mono:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9ee;--soft:#9aa4b2;--grid:#2a313b;
--paper:#171c23;--ground:#0f1318;--line:#2a313b;--rest:#59626e;--good:#51cf66;--bad:#ff8787;
--open:#ffd43b;--goodbg:#16301d;--badbg:#3a1c1c;--openbg:#352b10;--first:#5aa9e6;
--second:#ff7a3d}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.55 var(--sans);
overflow-wrap:break-word}
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
.tile b{display:block;font-size:29px;line-height:1.15;font-variant-numeric:tabular-nums;
  overflow-wrap:anywhere}
.tile b.long{font-size:20px;line-height:1.3}
.tile span{display:block;font-size:13.5px;color:var(--soft)}
.tile .name{color:var(--ink);font-weight:600;margin-bottom:5px}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:13.5px;font-variant-numeric:tabular-nums}
th,td{padding:6px 6px;text-align:right;border-top:1px solid var(--line);vertical-align:top}
th{font-weight:600;color:var(--soft);border-top:0;font-size:13px;vertical-align:bottom;
line-height:1.3}
th:first-child,td:first-child{text-align:left;white-space:nowrap}
td small{display:block;font-weight:400;color:var(--soft);font-size:11px;white-space:nowrap;
line-height:1.3}td small.more{white-space:normal}
tr.group td{background:var(--ground);color:var(--soft);font-weight:600;font-size:13px}
tr.hero td:first-child{font-weight:650}td:first-child small{padding-left:18px}
table.plain td{text-align:left}table.plain td:first-child{color:var(--soft);width:190px}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:18px}
@media (max-width:760px){.pair{grid-template-columns:1fr}section{padding:18px 16px}
.scroll svg{min-width:680px}}
pre.code{background:var(--ground);border-radius:8px;padding:12px 14px;overflow-x:auto;
font:12.5px/1.5 var(--mono);white-space:pre-wrap;overflow-wrap:anywhere}
code{font:13px var(--mono);overflow-wrap:anywhere}
details summary{cursor:pointer;color:var(--soft);font-size:14px;margin:6px 0}
footer{color:var(--soft);font-size:13px;margin-top:22px}
@media print{body{background:#fff}section,.tile{break-inside:avoid;border-color:#ccc}}
"""
