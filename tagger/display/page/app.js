// Filters, keys, the address and the theme.
function setHash(trace, step = -1) {
  const hash = trace < 0 ? "#" : `#t=${trace}${step >= 0 ? `&s=${step}` : ""}`;
  try {
    history.replaceState(null, "", hash);
  } catch { /* some viewers allow no addresses; links are a convenience */ }
}

function openFromHash() {
  const words = new URLSearchParams(location.hash.slice(1));
  const trace = traces[Number(words.get("t"))];
  if (!words.has("t") || !trace) return false;
  const step = words.has("s") ? Number(words.get("s")) : -1;
  showTrace(trace, step >= 0 && step < trace.k.length ? step : -1);
  reveal(Math.max(0, shown.indexOf(trace)));
  return true;
}

// Everything a change of the filters changes.
function refresh() {
  const began = performance.now();
  select();
  rows.style.height = `${shown.length * ROW}px`;
  list.scrollTop = 0;
  const steps = shown.reduce((sum, trace) => sum + trace.hits, 0);
  byId("found").textContent = `${number(shown.length)} of ${plural(traces.length, "trace")}`
    + (stepFilterOn() ? `, ${plural(steps, "step")} found` : "");
  chips.forEach((chip, kind) => chip.setAttribute("aria-pressed", String(filter.types.has(kind))));
  byId("belowvalue").textContent = filter.below === 100 ? "any" : `${filter.below} %`;
  paintRows(true);
  if (open) showTrace(open.trace, open.here, open.only && stepFilterOn());
  else showOverview();
  document.documentElement.dataset.filtered = (performance.now() - began).toFixed(1);
}

function toggleType(kind) {
  if (!filter.types.delete(kind)) filter.types.add(kind);
  refresh();
}

const counts = types.map(() => 0);
traces.forEach((trace) => trace.k.forEach((kind) => { counts[kind] += 1; }));
const chips = types.map((type, kind) => el("button", {
  class: "chip", title: `${type.name}: ${type.definition} (${plural(counts[kind], "step")})`,
  "aria-pressed": "false", onclick: () => toggleType(kind),
}, dot(kind), type.tag));
byId("chips").append(...chips.filter((_, kind) => counts[kind] || types.length <= 20));

function addSelect(key, words, options) {
  const select_ = el("select", { "aria-label": words, onchange: (event) => {
    filter[key] = event.target.value;
    refresh();
  } }, el("option", { value: "" }, words), ...options.map(([value, text]) => el("option", { value }, text)));
  select_.dataset.key = key;
  byId("selects").append(select_);
}

const values = (key) => [...new Set(traces.map((trace) => trace[key]).filter(Boolean))].sort();
const same = (list_) => list_.map((value) => [value, value]);
const known = (key) => traces.some((trace) => trace[key] !== undefined);
addSelect("role", "any role", same([...new Set(types.map((type) => type.role))]));
if (known("u")) {
  const flags = new Set(traces.flatMap((trace) => Object.values(trace.u ?? {})));
  addSelect("flag", "any flag", same(Object.keys(FLAGS).filter((flag) => flags.has(flag))));
}
if (known("c")) addSelect("correct", "correct or incorrect", [["1", "correct"], ["0", "incorrect"], ["unknown", "not judged"]]);
if (known("f")) addSelect("finished", "finished or not", [["1", "finished"], ["0", "unfinished"], ["unknown", "unknown"]]);
if (values("d").length > 1) addSelect("dataset", "any dataset", same(values("d")));
if (values("m").length > 1) addSelect("model", "any model", same(values("m")));
for (const [key, [words]] of Object.entries(ORDERS)) {
  if (about.check < 0 && (key === "checks" || key === "after")) continue;
  if (key === "after" && !known("z")) continue;
  byId("sort").append(el("option", { value: key }, words));
}

let pause = 0;
byId("search").addEventListener("input", (event) => {
  clearTimeout(pause);
  pause = setTimeout(() => {
    filter.text = event.target.value.trim();
    refresh();
  }, 180);
});
byId("below").addEventListener("input", (event) => {
  filter.below = Number(event.target.value);
  refresh();
});
byId("sort").addEventListener("change", (event) => {
  filter.sort = event.target.value;
  refresh();
});
byId("reset").addEventListener("click", () => {
  clearFilter();
  byId("search").value = "";
  byId("below").value = 100;
  byId("sort").value = "order";
  document.querySelectorAll("#selects select").forEach((node) => { node.value = ""; });
  refresh();
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && open) closeTrace();
  if (event.target.matches?.("input[type=search], select")) return;
  if (event.key === "/") {
    event.preventDefault();
    byId("search").focus();
  }
  if (event.key === "n") turnPage(1);
  if (event.key === "p") turnPage(-1);
  if (open && event.key === "j") nextStep(1);
  if (open && event.key === "k") nextStep(-1);
});
window.addEventListener("hashchange", () => { openFromHash(); });
window.addEventListener("resize", () => {
  paintRows(true);
  if (open) paintStrip();
});

const remembered = (() => {
  try {
    return localStorage.getItem("suffice-theme");
  } catch {
    return null;
  }
})();
const wantsDark = matchMedia("(prefers-color-scheme: dark)");
const setDark = (dark) => {
  document.documentElement.classList.toggle("dark", dark);
  if (open) paintStrip();
};
setDark(remembered ? remembered === "dark" : wantsDark.matches);
wantsDark.addEventListener("change", (event) => setDark(event.matches));
byId("theme").addEventListener("click", () => {
  const dark = !document.documentElement.classList.contains("dark");
  setDark(dark);
  try {
    localStorage.setItem("suffice-theme", dark ? "dark" : "light");
  } catch { /* not remembered then */ }
});

byId("title").textContent = about.title;
byId("meta").textContent = [
  `taxonomy ${about.taxonomy}`, `tagger ${about.fingerprint.slice(0, 12)}`,
  about.version && `Suffice ${about.version}`, about.date, about.note && `⚠ ${about.note}`,
].filter(Boolean).join(" · ");
select();
rows.style.height = `${shown.length * ROW}px`;
byId("found").textContent = `${number(shown.length)} of ${plural(traces.length, "trace")}`;
if (!openFromHash()) showOverview();
paintRows(true);
document.documentElement.dataset.ready = performance.now().toFixed(0);
