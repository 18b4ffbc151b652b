/** How the report looks: light and dark as the reader's system has it, one column on a narrow window. */
export const style = `
:root{color-scheme:light dark;--bg:#fff;--fg:#1c2024;--dim:#60646c;--line:#d9d9e0;--band:#f4f4f7;
--running:#2f6fdd;--waiting:#a9c4f5;--queued:#e0a100;--idle:#8b8d98;--away:#d9d9e0;--down:#c9304b;--bad:#c9304b;--slot:#2f6fdd}
@media(prefers-color-scheme:dark){:root{--bg:#111113;--fg:#edeef0;--dim:#b0b4ba;--line:#363a3f;--band:#1b1c1f;
--running:#5b93ff;--waiting:#2f4a7d;--queued:#e5b12a;--idle:#777b84;--away:#363a3f;--down:#ff6b81;--bad:#ff8a9b;--slot:#5b93ff}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem;max-width:88rem;background:var(--bg);color:var(--fg);font:14px/1.45 system-ui,sans-serif}
h1{font-size:1.35rem;margin:0 0 .25rem}h2{font-size:1.05rem;margin:1.75rem 0 .5rem}
p{margin:.25rem 0}.dim{color:var(--dim)}code,.path{font-family:ui-monospace,monospace;font-size:.92em}
.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(8.5rem,1fr));gap:.5rem;margin:.75rem 0}
.facts div{background:var(--band);border-radius:.4rem;padding:.45rem .6rem}.facts b{display:block;font-size:1.15rem}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.25rem .6rem .25rem 0;border-bottom:1px solid var(--line);vertical-align:top}
th{font-weight:600;color:var(--dim);white-space:nowrap}td.n{white-space:nowrap}td:last-child{min-width:14rem}
.said{display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:3;overflow:hidden;overflow-wrap:anywhere}
summary{cursor:pointer;color:var(--dim);padding:.5rem 0}
.lanes{display:grid;grid-template-columns:minmax(5rem,max-content) 1fr;column-gap:.75rem;row-gap:2px;align-items:center}
.lanes .path{max-width:18rem;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.bar{position:relative;height:1rem;background:var(--band);border-radius:2px;overflow:hidden}
.bar i{position:absolute;top:0;bottom:0;min-width:1px}
.running{background:var(--running)}.waiting{background:var(--waiting)}.queued{background:var(--queued)}
.idle{background:var(--idle);top:.35rem!important;bottom:.35rem!important}.away{background:var(--away);top:.45rem!important;bottom:.45rem!important}
.down{background:repeating-linear-gradient(45deg,var(--down) 0 2px,transparent 2px 6px)}
.refused{background:var(--bad);width:2px}
.axis{position:relative;height:1.3rem;color:var(--dim);font-size:.85em}
.axis span{position:absolute;transform:translateX(-50%);white-space:nowrap}
.axis span:first-child{transform:none}.axis span:last-child{transform:translateX(-100%)}
.load{height:3.5rem;background:var(--band);border-radius:2px;display:block;width:100%}
.load path{fill:var(--slot);fill-opacity:.35;stroke:var(--slot);stroke-width:1;vector-effect:non-scaling-stroke}
.load line{stroke:var(--dim);stroke-dasharray:3 3;vector-effect:non-scaling-stroke}
.legend{display:flex;flex-wrap:wrap;gap:.25rem 1rem;margin:.5rem 0;color:var(--dim)}
.legend i{display:inline-block;width:1.1rem;height:.7rem;margin-right:.35rem;border-radius:2px}
@media(max-width:40rem){.lanes{grid-template-columns:1fr}.lanes .path{max-width:100%;margin-top:.3rem}.axis.first,.lanes>.blank{display:none}}
@media print{body{max-width:none}.bar,.load,.facts div{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
`;
