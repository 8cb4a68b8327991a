// The looks of an atlas's page beside those of results, and its script: a cell opens its ladder.
#include "harness/report/html_atlas_parts.h"

namespace synfin::report {
namespace {

// Letters first; their colours are apart for every kind of colour vision.
constexpr std::string_view kAtlasStyle = R"css(
:root{--a:#d9e8f7;--r:#f8d9c9;--s:#e2d8f3;--o:#f3e6bd;--A:#0b5cad;--R:#a83503;--S:#5b3695;--O:#7a5600;--M:#0a6b5c;--B:#1c2127}
@media(prefers-color-scheme:dark){:root{--a:#17324d;--r:#4d2413;--s:#352752;--o:#453508;--A:#79b8ff;--R:#ff8f5c;--S:#bfa0f5;--O:#e3b64a;--M:#4fc3ac;--B:#e4e8eb}}
main{max-width:1240px}nav{padding-left:max(1.25rem,calc((100vw - 1200px)/2))}.tiles{margin-top:1rem}
#findings .row>summary{grid-template-columns:1.6rem 6.2rem 1fr;font-size:.9rem}
#findings ul b{font-weight:600}
.state{margin:1.2rem 0;border-top:1px solid var(--line);padding-top:.5rem}
.state h3{display:inline;font-size:1.02rem}.state h4{margin:.5rem 0 .2rem;font-size:.85rem;color:var(--dim)}
.beside{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,30rem),1fr));gap:.4rem 1.6rem}.one{min-width:0}
.pay label{font-size:.82rem;margin:0 .8rem 0 .25rem;cursor:pointer}.pay>.wide{display:none;margin:.4rem 0}
.pay input:nth-of-type(1):checked~.p0,.pay input:nth-of-type(2):checked~.p1,.pay input:nth-of-type(3):checked~.p2,.pay input:nth-of-type(4):checked~.p3{display:block}
.map{display:inline-block;font:12px/1.42 ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre;cursor:default}
.map b{display:inline-block;width:13.5em;padding-right:.6em;font-weight:400;color:var(--dim);position:sticky;left:0;background:var(--bg)}.map .h{color:var(--dim)}
.map i,.letters i{font-style:normal}.letters i{display:inline-block;min-width:1.4em;text-align:center;font-family:ui-monospace,"DejaVu Sans Mono",monospace}
i.a{background:var(--a)}i.r{background:var(--r)}i.s{background:var(--s)}i.o{background:var(--o)}i.q{color:var(--dim)}
i.A,i.R,i.S,i.O,i.m,i.b{color:var(--bg);font-weight:600}i.A{background:var(--A)}i.R{background:var(--R)}i.S{background:var(--S)}i.O{background:var(--O)}i.m{background:var(--M)}i.b{background:var(--B)}
i.x{text-decoration:underline;text-decoration-thickness:2px;text-underline-offset:2px}
.acks{font-size:.8rem;color:var(--dim);margin:.2rem 0}.acks b{color:var(--ink)}
.map.js{cursor:crosshair}.map .at{outline:2px solid var(--ink);outline-offset:-1px;position:relative;z-index:1}
.ladder-of{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr));gap:1rem}
.ladder-of figure{margin:.4rem 0;background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.5rem .8rem;overflow-x:auto}
.ladder-of figcaption{font-size:.85rem;font-weight:600}.ladder-of pre{margin:.3rem 0 0;font:12px/1.5 ui-monospace,"DejaVu Sans Mono",monospace}
@media print{.pay>.wide{display:block}}
)css";

constexpr std::string_view kAtlasScript = R"js(
const data = JSON.parse(document.getElementById('atlas-data').textContent);
const flagNames = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG'];
for (const note of document.querySelectorAll('.js[hidden]')) note.hidden = false;

// The numbers of what the cells of a row did, by the place of the letter.
const cells = (map, row) => {
  const numbers = row.dataset.n.trim().split(' ').flatMap(run => {
    const [number, count] = run.split('*').map(Number);
    return Array(count).fill(number);
  });
  let next = 0;
  const text = row.textContent.slice(row.querySelector('b').textContent.length);
  return [...text].map((letter, i) =>
    map.dataset.layout[2 * i] === ' ' || letter === '?' ? null : numbers[next++]);
};

const about = (map, row, at) => {
  const seq = map.dataset.layout.charCodeAt(2 * at) - 65;
  const ack = map.dataset.layout.charCodeAt(2 * at + 1) - 65;
  const flags = Number(row.dataset.f) | (ack ? 16 : 0);
  const names = flagNames.filter((_, i) => flags >> i & 1).reverse().join(',') || 'no flags';
  return { seq, ack, flags, text: `${names}  SEQ ${data.seq[seq]}` +
    (ack ? `  ACK ${data.ack[ack]}` : '') + `  ${map.parentElement.dataset.payload}` };
};

const ladder = (stack, state, sent, did) => {
  const [answers, next, api] = did;
  const width = Math.max(40, sent.length + 10, ...answers.split('; ').map(line => line.length + 10));
  const line = (text, from, to) => `│ ${from}${text}${'─'.repeat(width - text.length - 4)}${to} │`;
  const rows = ['peer' + ' '.repeat(width - 1) + stack, line(` ${sent} `, '──', '─▶') + ' ' + state];
  for (const answer of answers.split('; ')) {
    rows.push(answer === 'silence' ? '│' + 'silence'.padStart(width / 2 + 4).padEnd(width + 2) + '│'
                                   : line(` ${answer} `, '◀─', '──'));
  }
  rows.push('│' + ' '.repeat(width + 2) + '│ ' + (next === state.split('/')[0] ? `stays ${next}` : next));
  if (api) rows.push(`API  ${api}`);
  return rows.join('\n');
};

const show = (map, row, at) => {
  const state = map.closest('.state');
  const cell = about(map, row, at);
  const place = state.querySelector('.ladder-of');
  place.replaceChildren();
  for (const old of state.querySelectorAll('.at')) old.replaceWith(...old.childNodes);
  state.querySelectorAll('.one').forEach(one => {
    for (const other of one.querySelectorAll('.map')) {
      if (other.parentElement.dataset.payload !== map.parentElement.dataset.payload) continue;
      const same = [...other.querySelectorAll('[data-f]')].filter(each => each.dataset.f === row.dataset.f)[0] ||
        [...other.querySelectorAll('[data-f]')].filter(each => each.dataset.f == (row.dataset.f & ~40))[0];
      if (!same) continue;
      const wanted = String.fromCharCode(65 + cell.seq, 65 + cell.ack);
      const where = [...Array(other.dataset.layout.length / 2).keys()]
        .find(i => other.dataset.layout.substr(2 * i, 2) === wanted);
      const number = where === undefined ? null : cells(other, same)[where];
      if (number === null || number === undefined) continue;
      const figure = document.createElement('figure');
      const caption = document.createElement('figcaption');
      const text = document.createElement('pre');
      caption.textContent = `${one.dataset.state} · ${cell.text}`;
      text.textContent = ladder(one.dataset.stack, one.dataset.state, cell.text, data.did[number]);
      figure.append(caption, text);
      place.append(figure);
      mark(same, where);
    }
  });
};

// Draws a frame around one letter of a row.
const mark = (row, at) => {
  const range = document.createRange();
  const walker = document.createTreeWalker(row, NodeFilter.SHOW_TEXT);
  let left = at + row.querySelector('b').textContent.length;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (left >= node.length) { left -= node.length; continue; }
    range.setStart(node, left);
    range.setEnd(node, left + 1);
    const frame = document.createElement('span');
    frame.className = 'at';
    range.surroundContents(frame);
    return;
  }
};

for (const map of document.querySelectorAll('.map')) {
  map.classList.add('js');
  const rows = [...map.querySelectorAll('[data-f]')];
  let row = -1, at = 0;
  const open = () => {
    const known = cells(map, rows[row]);
    if (known[at] !== null && known[at] !== undefined) show(map, rows[row], at);
  };
  map.addEventListener('click', event => {
    const hit = event.target.closest('[data-f]');
    if (!hit) return;
    const label = hit.querySelector('b').getBoundingClientRect();
    const range = document.createRange();
    range.selectNodeContents(hit);
    const count = map.dataset.layout.length / 2;
    const width = (range.getBoundingClientRect().right - hit.querySelector('b').offsetWidth -
      hit.getBoundingClientRect().left) / (hit.textContent.length - hit.querySelector('b').textContent.length);
    const start = hit.getBoundingClientRect().left + hit.querySelector('b').offsetWidth;
    if (event.clientX < label.right) return;
    row = rows.indexOf(hit);
    at = Math.min(count - 1, Math.floor((event.clientX - start) / width));
    open();
  });
  map.addEventListener('keydown', event => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!step) return;
    event.preventDefault();
    const count = map.dataset.layout.length / 2;
    row = Math.max(0, Math.min(rows.length - 1, row + step[0]));
    do at += step[1]; while (step[1] && at > 0 && at < count && map.dataset.layout[2 * at] === ' ');
    at = Math.max(0, Math.min(count - 1, at));
    open();
  });
}
const reveal = () => {
  const place = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let each = place; each; each = each.parentElement) if (each.tagName === 'DETAILS') each.open = true;
  if (place) place.scrollIntoView();
};
addEventListener('hashchange', reveal);
reveal();
)js";

}  // namespace

std::string_view atlas_style() { return kAtlasStyle; }
std::string_view atlas_script() { return kAtlasScript; }

}  // namespace synfin::report
