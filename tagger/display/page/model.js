// The data, what is derived from it, and which traces and steps the filters let through.
const byId = (id) => document.getElementById(id);
// Characters that turn the order of writing are shown, as in the terminal: they could make a step
// read otherwise than it is written, and no style undoes what they do inside a line.
const TURNING = /[\u202a-\u202e\u2066-\u2069]/g;
const read = (id) => JSON.parse(byId(id).textContent.replace(TURNING, "\ufffd"));
const about = read("about");
const traces = read("data");
const types = about.types;

const filter = {};
function clearFilter() {
  Object.assign(filter, {
    text: "", types: new Set(), role: "", flag: "", below: 100,
    correct: "", finished: "", dataset: "", model: "", sort: "order",
  });
}
clearFilter();

// Facts of each trace that lists and sorting need.
traces.forEach((trace, index) => {
  trace.index = index;
  trace.words = 0;
  trace.checks = 0;
  trace.after = 0;  // checks behind the answer step
  let sure = 0;
  for (let i = 0; i < trace.k.length; i++) {
    trace.words += trace.w[i];
    sure += trace.p[i];
    if (trace.k[i] === about.check) {
      trace.checks += 1;
      if (trace.z >= 0 && i > trace.z) trace.after += 1;
    }
  }
  trace.sure = trace.k.length ? sure / trace.k.length : 100;
  trace.head = `${trace.id}\n${trace.q || ""}`.toLowerCase();
});

const stepFilterOn = () =>
  Boolean(filter.text || filter.types.size || filter.role || filter.flag || filter.below < 100);

function passes(trace) {
  const truth = (wanted, value) =>
    !wanted || (wanted === "unknown" ? value === undefined : value === Number(wanted));
  return truth(filter.correct, trace.c) && truth(filter.finished, trace.f)
    && (!filter.dataset || trace.d === filter.dataset)
    && (!filter.model || trace.m === filter.model);
}

// A function that says whether step i of a trace passes the filters on steps.
function stepTest(trace) {
  const text = filter.text.toLowerCase();
  let low = null;
  if (text && !trace.head.includes(text)) {
    low = trace.low = trace.low || trace.t.map((step) => step.toLowerCase());
  }
  return (i) => {
    const kind = trace.k[i];
    return (!filter.types.size || filter.types.has(kind))
      && (!filter.role || types[kind].role === filter.role)
      && (!filter.flag || trace.u?.[i] === filter.flag)
      && (filter.below === 100 || trace.p[i] < filter.below)
      && (!low || low[i].includes(text));
  };
}

const ORDERS = {
  order: ["as in the input", (a, b) => a.index - b.index],
  steps: ["most steps first", (a, b) => b.k.length - a.k.length],
  words: ["most words first", (a, b) => b.words - a.words],
  hits: ["most matching steps first", (a, b) => b.hits - a.hits],
  checks: ["most verification steps first", (a, b) => b.checks - a.checks],
  after: ["most verification after the answer", (a, b) => b.after - a.after],
  unsure: ["least confident first", (a, b) => a.sure - b.sure],
};

let shown = traces;  // what the list shows
function select() {
  const steps = stepFilterOn();
  shown = traces.filter((trace) => {
    if (!passes(trace)) return false;
    trace.hits = trace.k.length;
    if (!steps) return true;
    const test = stepTest(trace);
    trace.hits = 0;
    for (let i = 0; i < trace.k.length; i++) if (test(i)) trace.hits += 1;
    return trace.hits > 0;
  });
  const order = ORDERS[filter.sort][1];
  shown.sort((a, b) => order(a, b) || a.index - b.index);
}

const number = (value) => Math.round(value).toLocaleString("en").replaceAll(",", "\u202f");
const share = (part, whole) => (whole ? `${((100 * part) / whole).toFixed(1)} %` : "–");
const plural = (count, noun) => `${number(count)} ${noun}${count === 1 ? "" : "s"}`;

// An element; children are elements or texts, never markup.
function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key === "colour") node.style.setProperty("--c", value);
    else if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "class") node.className = value;
    else node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}
const dot = (kind) => el("span", { class: "dot", colour: types[kind].colour });
