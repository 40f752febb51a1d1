// The list of traces; only the rows in sight exist.
const ROW = 70;
const list = byId("list");
const rows = byId("rows");
let painted = "";

function rowOf(trace, place) {
  const facts = [plural(trace.k.length, "step")];
  if (stepFilterOn()) facts.push(`${number(trace.hits)} found`);
  else if (about.check >= 0) facts.push(plural(trace.checks, "verification step"));
  if (trace.f === 0) facts.push("unfinished");
  facts.push(trace.d, trace.m);
  const verdict = trace.c === undefined ? null
    : el("span", { class: trace.c ? "right" : "wrong" }, trace.c ? "correct" : "incorrect", " · ");
  const strip = el("canvas");
  const node = el("div", {
    class: open?.trace === trace ? "row open" : "row", role: "option",
    "aria-selected": String(open?.trace === trace), onclick: () => showTrace(trace, firstFound(trace)),
  }, el("b", {}, excerpt(trace.q || trace.t[0] || trace.id, 90)),
  el("small", {}, verdict, facts.filter(Boolean).join(" · ")), strip);
  node.style.top = `${place * ROW}px`;
  return [node, strip];
}

function paintRows(force = false) {
  const first = Math.max(0, Math.floor(list.scrollTop / ROW) - 3);
  const last = Math.min(shown.length, Math.ceil((list.scrollTop + list.clientHeight) / ROW) + 3);
  const wanted = `${first}-${last}`;
  if (!force && wanted === painted) return;
  painted = wanted;
  const made = shown.slice(first, last).map((trace, i) => rowOf(trace, first + i));
  rows.replaceChildren(...made.map(([node]) => node));
  made.forEach(([, strip], i) => {
    const trace = shown[first + i];
    drawStrip(strip, trace, { test: stepFilterOn() ? stepTest(trace) : undefined });
  });
}

function markOpen() {
  paintRows(true);
}

function reveal(place) {
  const top = place * ROW;
  if (top < list.scrollTop) list.scrollTop = top;
  else if (top + ROW > list.scrollTop + list.clientHeight) list.scrollTop = top + ROW - list.clientHeight;
  paintRows(true);
}

let waiting = false;
list.addEventListener("scroll", () => {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    paintRows();
  });
});
list.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    turnPage(event.key === "ArrowDown" ? 1 : -1);
  }
});
