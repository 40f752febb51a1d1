// Strips of types, and the tooltip with the types a tagger weighed.
const cssColour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name);

// Left edge of each step in [0, 1], in proportion to its words, and 1 behind the last.
function edges(trace) {
  if (trace.edges) return trace.edges;
  const sizes = trace.w.map((words) => Math.max(3, words));
  const whole = sizes.reduce((a, b) => a + b, 0) || 1;
  let at = 0;
  trace.edges = sizes.map((size) => (at += size) / whole - size / whole);
  trace.edges.push(1);
  return trace.edges;
}

function drawStrip(canvas, trace, options = {}) {
  const scale = window.devicePixelRatio || 1;
  const width = canvas.clientWidth || options.width || 300;
  const height = canvas.clientHeight || 8;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  const top = options.flag ? 11 : 0;
  const at = edges(trace);
  const test = options.test || (() => true);
  for (let i = 0; i < trace.k.length; i++) {
    const left = at[i] * width;
    const wide = Math.max(0.6, at[i + 1] * width - left - (trace.k.length < width / 4 ? 1 : 0));
    pen.globalAlpha = test(i) ? 1 : 0.16;
    pen.fillStyle = types[trace.k[i]].colour;
    pen.fillRect(left, top, wide, height - top);
  }
  pen.globalAlpha = 1;
  if (options.flag && trace.z >= 0) {
    const x = (at[trace.z] + at[trace.z + 1]) / 2 * width;
    pen.fillStyle = cssColour("--good");
    pen.beginPath();
    pen.moveTo(x - 5, 0);
    pen.lineTo(x + 5, 0);
    pen.lineTo(x, 9);
    pen.fill();
  }
  if (options.here >= 0) {
    const left = at[options.here] * width;
    pen.strokeStyle = cssColour("--ink");
    pen.lineWidth = 2;
    pen.strokeRect(left, top + 1, Math.max(3, at[options.here + 1] * width - left), height - top - 2);
  }
}

// Which step of a strip lies under the pointer.
function stepAt(event, canvas, trace) {
  const box = canvas.getBoundingClientRect();
  const x = (event.clientX - box.left) / box.width;
  const at = edges(trace);
  let low = 0;
  let high = trace.k.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (at[middle] <= x) low = middle;
    else high = middle - 1;
  }
  return low;
}

const tip = byId("tip");
function showTip(x, y, ...content) {
  tip.replaceChildren(...content);
  tip.hidden = false;
  const left = Math.min(x + 14, window.innerWidth - tip.offsetWidth - 8);
  const below = y + 18 + tip.offsetHeight < window.innerHeight;
  tip.style.left = `${Math.max(4, left)}px`;
  tip.style.top = `${below ? y + 18 : Math.max(4, y - 12 - tip.offsetHeight)}px`;
}
const hideTip = () => { tip.hidden = true; };

// The step's type and the two next ones, with their probabilities.
function weighed(trace, i, withText) {
  const ranked = [[trace.k[i], trace.p[i]]];
  const others = trace.o[i];
  for (let j = 0; j < others.length; j += 2) ranked.push([others[j], others[j + 1]]);
  const table = el("div", { class: "top" });
  for (const [kind, percent] of ranked) {
    const bar = el("span", { class: "bar", colour: types[kind].colour });
    bar.style.width = `${percent}%`;
    const name = el("span", {}, dot(kind), ` ${types[kind].tag}`);
    table.append(name, el("span", {}, bar), el("span", {}, `${percent} %`));
  }
  const kind = types[trace.k[i]];
  return [
    el("b", {}, `${i + 1}  ${kind.name}`),
    table,
    el("p", {}, withText ? excerpt(trace.t[i], 160) : kind.definition),
  ];
}

function excerpt(text, length) {
  const line = text.slice(0, 2 * length).replace(/\s+/g, " ").trim();
  return line.length > length || text.length > 2 * length ? `${line.slice(0, length)}…` : line;
}
