// The page's looks and its few lines of JavaScript.
#include "harness/report/html_parts.h"

namespace synfin::report {
namespace {

// Verdicts are words first; their colours are apart for every kind of colour vision.
constexpr std::string_view kStyle = R"css(
:root{--bg:#fcfcfb;--card:#fff;--ink:#1c2127;--dim:#5c6670;--line:#dfe3e6;--soft:#f2f4f5;--link:#0b5cad;
--pass:#0a6b5c;--fail:#b93a04;--warn:#85600a;--info:#1f5fa8;--xfail:#6a45a5;--xpass:#a31663;--skip:#5c6670;--flaky:#7d4b00;--error:#1c2127;--on:#0b5cad}
@media(prefers-color-scheme:dark){:root{--bg:#14181c;--card:#1a1f24;--ink:#e4e8eb;--dim:#98a3ad;--line:#2e363d;--soft:#20262c;--link:#79b8ff;
--pass:#4fc3ac;--fail:#ff8f5c;--warn:#e3b64a;--info:#7db5f5;--xfail:#bfa0f5;--xpass:#f58bc0;--skip:#98a3ad;--flaky:#e0a060;--error:#e4e8eb;--on:#6cb2ff}}
*{box-sizing:border-box}
html{scroll-padding-top:3.2rem;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif}
main,footer{max-width:1120px;margin:0 auto;padding:0 1.25rem}
nav{position:sticky;top:0;z-index:1;background:var(--bg);border-bottom:1px solid var(--line);padding:.6rem max(1.25rem,calc((100vw - 1080px)/2));display:flex;gap:1.2rem;overflow-x:auto;white-space:nowrap;font-size:.9rem}
a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}
:focus-visible{outline:2px solid var(--link);outline-offset:2px}
header{padding-top:2rem}
.kind{margin:0;color:var(--dim);font-size:.85rem}
h1{margin:.1rem 0;font-size:2rem;line-height:1.2;font-weight:650;letter-spacing:-.01em}
h2{margin:3rem 0 .8rem;font-size:1.25rem;font-weight:650}
.said{margin:.2rem 0 1.4rem;font-size:1.1rem;color:var(--dim)}
.tiles{display:grid;grid-template-columns:repeat(4,1fr);gap:.8rem;margin-bottom:1.2rem}
.tile{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.8rem 1rem}
.tile b{font-size:1.7rem;font-weight:650;font-variant-numeric:tabular-nums}.tile i{font-style:normal;color:var(--dim)}.tile span{display:block;color:var(--dim);font-size:.85rem}
.bar{display:flex;height:10px;border-radius:5px;overflow:hidden;gap:2px}.bar i{min-width:4px;background:currentColor}
.key{list-style:none;display:flex;flex-wrap:wrap;gap:.4rem 1.2rem;padding:0;margin:.6rem 0 1.4rem;font-variant-numeric:tabular-nums}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1.2rem;margin:.6rem 0;font-size:.9rem}
dt{color:var(--dim)}dd{margin:0;overflow-wrap:anywhere}
.v{display:inline-block;min-width:3.6em;padding:0 .45em;border:1px solid currentColor;border-radius:4px;font-size:.72rem;line-height:1.5;font-weight:650;text-align:center;letter-spacing:.03em;white-space:nowrap}
.v-pass{color:var(--pass)}.v-fail{color:var(--fail)}.v-warn{color:var(--warn)}.v-info{color:var(--info)}.v-xfail{color:var(--xfail)}.v-xpass{color:var(--xpass)}.v-skip,.v-none{color:var(--skip)}.v-flaky{color:var(--flaky)}.v-error{color:var(--error)}
.v.v-fail,.v.v-error,.v.v-xpass{background:currentColor}.v.v-fail,.v.v-error,.v.v-xpass{-webkit-text-fill-color:var(--bg)}.v.v-flaky,.v.v-none,.v.v-skip{border-style:dashed}
.id,code,.fields,.wg dd{font-family:ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.86em}
.dim,.count,.where,.level{color:var(--dim)}.count,.n{font-variant-numeric:tabular-nums}
.rows,.plain{list-style:none;padding:0;margin:0}
.rows li{display:grid;grid-template-columns:4rem minmax(0,1fr) auto;gap:0 .8rem;align-items:baseline;padding:.35rem 0;border-bottom:1px solid var(--line)}
.rows .what{grid-column:2/-1;color:var(--dim);font-size:.88rem;overflow-wrap:anywhere}.rows .rule{color:var(--dim);font-size:.85rem}.id{overflow-wrap:anywhere}.rows .none{grid-column:1/-1}
.plain li{padding:.15rem 0}
.table{background:var(--card);border:1px solid var(--line);border-radius:8px;overflow:hidden}
.row{border-bottom:1px solid var(--line)}.row:last-child{border-bottom:0}
summary{cursor:pointer}
.row>summary,div.row{list-style:none;display:grid;align-items:baseline;gap:.2rem .9rem;padding:.42rem .9rem}
.row>summary::-webkit-details-marker{display:none}.row>summary:hover{background:var(--soft)}
#rules .row>summary{grid-template-columns:6.8rem 5.4rem 9.8rem 1fr 4.8rem 4.6rem;font-size:.9rem}
#rules .row[open]>summary,#cases .row[open]>summary{background:var(--soft)}
#cases .row>summary,#cases div.row{grid-template-columns:4.6rem 1fr auto;font-size:.9rem}
#cases .row>summary .id::after{content:" ›";color:var(--dim)}
.count{text-align:right;font-size:.82rem;white-space:nowrap}.level{font-size:.8rem}.where{font-size:.84rem}
.in{padding:.3rem .9rem 1rem;border-top:1px solid var(--line)}
.passed{font-size:.85rem;line-height:1.9}.passed .id{margin-right:.5em}
.topic{margin:.2rem 0}.topic>summary{padding:.3rem .2rem}.counts{margin-left:.8rem;font-size:.85rem;font-variant-numeric:tabular-nums}.counts span{margin-right:.7em}
.cmd{margin:.5rem 0;font-size:.9rem}.cmd span{color:var(--dim);display:inline-block;min-width:4em}.cmd code{user-select:all;background:var(--soft);border:1px solid var(--line);border-radius:4px;padding:.1rem .4rem;overflow-wrap:anywhere}
.div{margin:.8rem 0}.div p{margin:0 0 .2rem;font-size:.85rem}.wg{margin:.2rem 0}.wg .wanted{color:var(--pass)}.wg .got{color:var(--fail)}
table{border-collapse:collapse;font-size:.88rem}th{text-align:left;font-weight:600;color:var(--dim)}th,td{padding:.22rem .9rem .22rem 0;border-bottom:1px solid var(--line);vertical-align:top}.n{text-align:right}td.n{padding-right:1.6rem}
.part{display:inline-block;width:9rem;height:8px;border-radius:4px;background:var(--line);overflow:hidden}.part i{display:block;height:100%;background:var(--on)}
.filters{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:center;margin:0 0 .8rem;font-size:.88rem}.filters[hidden]{display:none}
.filters label{color:var(--dim)}select,input{font:inherit;color:var(--ink);background:var(--card);border:1px solid var(--line);border-radius:5px;padding:.2rem .45rem}
output{color:var(--dim);margin-left:auto;font-variant-numeric:tabular-nums}
.wide{overflow-x:auto;margin:.6rem 0}
svg{display:block;font-family:ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace}
.ladder{font-size:11px;max-width:100%;height:auto}.ladder text{fill:var(--ink)}.ladder .m{text-anchor:middle}.ladder .e{text-anchor:end}.ladder .d{fill:var(--dim)}.ladder .s{font-size:9.5px;fill:var(--dim)}.ladder .b{font-weight:600}.ladder .c{fill:var(--info)}
.ladder .l{stroke:var(--line);stroke-width:2}.ladder .a{stroke:var(--dim);stroke-width:1.2}.ladder .t{fill:var(--dim)}.ladder text.bad,.ladder .t.bad{fill:var(--fail)}.ladder .a.bad{stroke:var(--fail)}.ladder text.bad{font-weight:600}
.states{margin:0 auto;font-size:11px;max-width:100%;min-width:600px;height:auto}.states .box{fill:var(--card);stroke:var(--line);stroke-width:1.2}.states .box.on{stroke:var(--on);stroke-width:1.6}.states text{fill:var(--dim)}.states .name{fill:var(--ink);text-anchor:middle;font-size:12px;font-weight:600}
.states .w{font-size:9.5px}.states .w.on,.states tspan.on{fill:var(--on)}span.on{color:var(--on)}.states .edge{fill:none;stroke:var(--dim);stroke-width:1;stroke-dasharray:4 4;opacity:.75}.states .edge.on{stroke:var(--on);stroke-width:2;stroke-dasharray:none;opacity:1;fill:none}
.states .ev{font-size:10.5px;text-anchor:middle;paint-order:stroke;stroke:var(--bg);stroke-width:5px;stroke-linejoin:round}.tip path{fill:var(--dim)}.tip-on path{fill:var(--on)}
footer{padding:3rem 1.25rem 2rem;color:var(--dim);font-size:.85rem}
[hidden]{display:none!important}
@media(min-width:761px){header dl{grid-template-columns:max-content 1fr max-content 1fr}}
@media(max-width:760px){main,footer{padding-left:1rem;padding-right:1rem}nav{padding-left:1rem;gap:.75rem;font-size:.82rem}.in{padding-left:.5rem;padding-right:.5rem}.tiles{grid-template-columns:1fr 1fr}h1{font-size:1.6rem}
#rules .row>summary{grid-template-columns:1fr auto auto;padding:.55rem .8rem}#rules .meaning{grid-column:1/-1;grid-row:2}#rules .where{grid-column:1;grid-row:3}#rules .count{grid-column:2/-1;grid-row:3}
.rows .what{padding-left:0}output{margin-left:0;flex-basis:100%}.filters label{display:flex;gap:.4rem;align-items:center}.topic>summary{display:list-item}.counts{display:block;margin-left:1rem}}
@media print{nav,.filters{display:none}.row,.tile{break-inside:avoid}}
)css";

// Filters, and what a link leads to is opened. Without it everything can be seen just as well.
constexpr std::string_view kScript = R"js(
for (const form of document.querySelectorAll('form.filters')) {
  const list = document.querySelector(`[data-list="${form.dataset.for}"]`);
  const rows = [...list.querySelectorAll('.row')];
  const heads = rows.map(row => (row.querySelector('summary') || row).textContent.toLowerCase());
  const topics = [...list.querySelectorAll('.topic')];
  const apply = () => {
    const wanted = Object.fromEntries(new FormData(form));
    const text = (wanted.text || '').trim().toLowerCase();
    delete wanted.text;
    const chosen = Object.entries(wanted).filter(([, value]) => value);
    let shown = 0;
    rows.forEach((row, i) => {
      const fits = chosen.every(([key, value]) => row.dataset[key] === value) && heads[i].includes(text);
      row.hidden = !fits;
      shown += fits;
    });
    for (const topic of topics) {
      topic.hidden = !topic.querySelector('.row:not([hidden])');
      if (chosen.length || text) topic.open = !topic.hidden;
    }
    form.querySelector('output').textContent = `${shown} of ${rows.length}`;
  };
  form.hidden = false;
  form.addEventListener('input', apply);
  form.addEventListener('submit', event => event.preventDefault());
  apply();
}
const reveal = () => {
  const place = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!place) return;
  place.hidden = false;
  for (let at = place; at; at = at.parentElement) if (at.tagName === 'DETAILS') at.open = true;
  place.scrollIntoView();
};
addEventListener('hashchange', reveal);
addEventListener('click', event => {
  const link = event.target.closest('a[href^="#"]');
  if (link && link.hash === location.hash) reveal();
});
reveal();
)js";

}  // namespace

std::string_view html_style() { return kStyle; }
std::string_view html_script() { return kScript; }

}  // namespace synfin::report
