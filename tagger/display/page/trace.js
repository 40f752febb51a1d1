// One opened trace: its facts, its strip, its steps; steps are made a screenful at a time.
const CHUNK = 60;
const FOLDED = 1500;
const UNFOLD = 60000;
const FLAGS = {
  unfamiliar: "less than 75 % of the letters at its beginning stand in words of the tagger's training data",
  unsure: "its type has a probability below 0.3",
};

let open = null;  // {trace, made, here, only, head, steps, more, strip}

function badges(trace) {
  const texts = [trace.d, trace.m, `${number(trace.k.length)} steps`, `${number(trace.words)} words`];
  if (about.check >= 0) texts.push(`${number(trace.checks)} verification`);
  if (about.check >= 0 && trace.z >= 0) texts.push(`${number(trace.after)} after the answer step`);
  if (trace.z === -1) texts.push("no step states the reference");
  if (trace.f === 0) texts.push("unfinished");
  for (const [name, score] of Object.entries(trace.s ?? {})) texts.push(`${name} ${score}`);
  const nodes = texts.filter(Boolean).map((text) => el("span", { class: "badge" }, text));
  if (trace.c !== undefined) {
    nodes.unshift(el("span", { class: `badge ${trace.c ? "right" : "wrong"}` }, trace.c ? "correct" : "incorrect"));
  }
  return nodes;
}

// Text that folds when it is long, with what was searched for marked.
function textBox(text) {
  const box = el("div", { class: "text" });
  const holder = el("div", {}, box);
  const fill = (upTo) => {
    box.replaceChildren(...marked(text.slice(0, upTo)));
    holder.querySelector(".fold")?.remove();
    if (upTo >= text.length) return;
    const next = Math.min(text.length, upTo < UNFOLD ? UNFOLD : upTo + UNFOLD);
    const words = next === text.length ? `show all ${number(text.length)} characters`
      : `show more (${number(upTo)} of ${number(text.length)} characters)`;
    holder.append(el("button", { class: "fold", onclick: () => fill(next) }, words));
  };
  fill(text.length > FOLDED * 1.2 ? FOLDED : text.length);
  return holder;
}

function marked(text) {
  if (!filter.text) return [text];
  const wanted = new RegExp(filter.text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "gi");
  const parts = [];
  let at = 0;
  for (const found of text.matchAll(wanted)) {
    if (parts.length > 400) break;
    parts.push(text.slice(at, found.index), el("mark", {}, found[0]));
    at = found.index + found[0].length;
  }
  parts.push(text.slice(at));
  return parts;
}

function stepNode(trace, i, hit) {
  const kind = types[trace.k[i]];
  const tipped = {
    onmousemove: (event) => showTip(event.clientX, event.clientY, ...weighed(trace, i)),
    onmouseleave: hideTip,
    onfocus: (event) => {
      const box = event.target.getBoundingClientRect();
      showTip(box.left, box.bottom, ...weighed(trace, i));
    },
    onblur: hideTip,
    tabindex: "0",
  };
  const name = kind.name.toUpperCase() === kind.tag.toUpperCase() ? "" : kind.name;
  return el("article", {
    class: `step${trace.k[i] === about.check ? " check" : ""}${hit ? "" : " dim"}`,
    colour: kind.colour, "data-i": i,
  },
  el("div", { class: "kind" },
    el("a", { href: `#t=${trace.index}&s=${i}`, title: "link to this step" }, String(i + 1)),
    el("span", { class: "type", ...tipped }, dot(trace.k[i]), el("b", {}, kind.tag), name),
    i === trace.z ? el("span", { class: "star" }, "★ first states the reference answer") : null,
    trace.u?.[i] ? el("span", { class: "flag", title: FLAGS[trace.u[i]] }, `⚠ ${trace.u[i]}`) : null,
    el("span", { class: "conf", ...tipped, tabindex: "-1" }, `${trace.p[i]} %`)),
  textBox(trace.t[i]));
}

// Make steps until `last` is there; hidden ones leave a note.
function makeSteps(last) {
  const { trace, steps, only } = open;
  const test = stepFilterOn() ? stepTest(trace) : () => true;
  const batch = document.createDocumentFragment();
  let hidden = 0;
  const note = () => {
    if (hidden) batch.append(el("div", { class: "gap" }, `… ${plural(hidden, "step")} not matching`));
    hidden = 0;
  };
  for (; open.made < trace.k.length && open.made <= last; open.made++) {
    const hit = test(open.made);
    if (only && !hit && open.made !== open.here) hidden += 1;
    else {
      note();
      batch.append(stepNode(trace, open.made, hit));
    }
  }
  note();
  steps.append(batch);
  if (open.made >= trace.k.length) {
    open.more.disconnect();
    if (trace.a && !steps.querySelector(".question")) {
      steps.append(el("div", { class: "question" }, el("b", {}, "answer written after the thinking"), textBox(trace.a)));
    }
  }
}

function paintStrip() {
  const test = stepFilterOn() ? stepTest(open.trace) : undefined;
  drawStrip(open.strip, open.trace, { flag: true, test, here: open.here });
}

function goTo(i, remember = true) {
  open.here = i;
  makeSteps(i + 20);
  open.steps.querySelector(".here")?.classList.remove("here");
  let node = open.steps.querySelector(`[data-i="${i}"]`);
  if (!node) {  // hidden by "only matching": show all
    showTrace(open.trace, i, false);
    return;
  }
  node.classList.add("here");
  // The header is as high as its badges need. A step ends up below it, by the gap between steps.
  open.steps.style.setProperty("--head", `${open.head.offsetHeight + 6}px`);
  node.scrollIntoView({ block: "start" });
  paintStrip();
  if (remember) setHash(open.trace.index, i);
}

function nextStep(direction) {
  const test = stepFilterOn() ? stepTest(open.trace) : () => true;
  for (let i = open.here + direction; i >= 0 && i < open.trace.k.length; i += direction) {
    if (test(i)) {
      goTo(i);
      return;
    }
  }
}

function showTrace(trace, here = -1, only = false) {
  hideTip();
  open?.more.disconnect();
  const place = shown.indexOf(trace);
  const strip = el("canvas", { id: "strip", role: "img", "aria-label": "types of the steps in order" });
  strip.addEventListener("click", (event) => goTo(stepAt(event, strip, trace)));
  strip.addEventListener("mousemove", (event) =>
    trace.k.length && showTip(event.clientX, event.clientY, ...weighed(trace, stepAt(event, strip, trace), true)));
  strip.addEventListener("mouseleave", hideTip);
  const steps = el("div", { id: "steps" });
  const end = el("div", { style: "height:1px" });
  const turn = (direction) => () => turnPage(direction);
  const onlyBox = el("input", { type: "checkbox", onchange: (event) => showTrace(trace, open.here, event.target.checked) });
  onlyBox.checked = only;
  const main = byId("main");
  const head = el("div", { class: "head" },
    el("div", { class: "bartop" },
      el("h2", {}, excerpt(trace.id, 80)),
      stepFilterOn() ? el("label", { class: "soft" }, onlyBox, ` only the ${plural(trace.hits ?? 0, "step")} found`) : null,
      el("button", { onclick: turn(-1), disabled: place <= 0 ? "" : null }, "‹ previous"),
      el("button", { onclick: turn(1), disabled: place < 0 || place + 1 >= shown.length ? "" : null }, "next ›"),
      el("button", { onclick: closeTrace, title: "Esc" }, "totals")),
    el("div", { class: "bartop", style: "margin-top:6px" }, ...badges(trace)),
    strip);
  main.replaceChildren(
    head,
    trace.q ? el("div", { class: "question" }, el("b", {}, "question"), textBox(trace.q),
      trace.r ? el("div", { class: "soft" }, `reference: ${excerpt(trace.r, 300)}`) : null) : el("p"),
    steps, end);
  main.scrollTop = 0;
  const more = new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting)) {
      makeSteps(open.made + CHUNK);
      more.unobserve(end);
      if (open.made < trace.k.length) more.observe(end);
    }
  }, { root: main, rootMargin: "800px" });
  open = { trace, made: 0, here, only, head, steps, more, strip };
  makeSteps(CHUNK);
  if (open.made < trace.k.length) more.observe(end);
  paintStrip();
  if (here >= 0) goTo(here, false);
  setHash(trace.index, here);
  markOpen();
}

function closeTrace() {
  open?.more.disconnect();
  open = null;
  hideTip();
  setHash(-1);
  showOverview();
  markOpen();
  byId("main").scrollTop = 0;
}

// Where to begin reading: at the first step found, if not at the top.
function firstFound(trace) {
  if (!stepFilterOn()) return -1;
  const test = stepTest(trace);
  const first = trace.k.findIndex((_, i) => test(i));
  return first > 0 ? first : -1;
}

function turnPage(direction) {
  const place = open ? shown.indexOf(open.trace) : direction > 0 ? -1 : shown.length;
  const next = shown[place + direction];
  if (!next) return;
  showTrace(next, firstFound(next));
  reveal(place + direction);
}
