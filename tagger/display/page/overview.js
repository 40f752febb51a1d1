// The totals of all traces that the list shows.
const BINS = 24;

function totals() {
  const sums = types.map(() => ({ steps: 0, words: 0, sure: 0, traces: 0, bins: Array(BINS).fill(0) }));
  const all = { steps: 0, words: 0, right: 0, judged: 0, answered: 0, referenced: 0, checks: 0, after: 0, flags: {} };
  for (const trace of shown) {
    const seen = new Set();
    const count = trace.k.length;
    for (let i = 0; i < count; i++) {
      const sum = sums[trace.k[i]];
      sum.steps += 1;
      sum.words += trace.w[i];
      sum.sure += trace.p[i];
      sum.bins[Math.floor((i / count) * BINS)] += 1;
      seen.add(trace.k[i]);
    }
    seen.forEach((kind) => { sums[kind].traces += 1; });
    all.steps += count;
    all.words += trace.words;
    all.checks += trace.checks;
    for (const flag of Object.values(trace.u ?? {})) all.flags[flag] = (all.flags[flag] ?? 0) + 1;
    if (trace.c !== undefined) { all.judged += 1; all.right += trace.c; }
    if (trace.z !== undefined) all.referenced += 1;
    if (trace.z >= 0) { all.answered += 1; all.after += trace.after; }
  }
  return { sums, all };
}

const tile = (value, words) => el("div", { class: "tile" }, el("b", {}, value), el("span", {}, words));

function typeTable(sums, all) {
  const most = Math.max(1, ...sums.map((sum) => sum.steps));
  const rows = sums.map((sum, kind) => [sum, kind]).sort((a, b) => b[0].steps - a[0].steps);
  const body = rows.map(([sum, kind]) => {
    const bar = el("span", { class: "bar", colour: types[kind].colour });
    bar.style.width = `${(100 * sum.steps) / most}%`;
    const picked = filter.types.has(kind) ? "picked" : "";
    return el("tr", {
      class: sum.steps ? picked : `none ${picked}`,
      title: types[kind].definition,
      onclick: () => toggleType(kind),
    },
    el("td", {}, dot(kind), types[kind].name),
    el("td", { class: "l" }, types[kind].role),
    el("td", {}, number(sum.steps)),
    el("td", {}, share(sum.steps, all.steps)),
    el("td", { class: "barcell" }, bar),
    el("td", {}, share(sum.words, all.words)),
    el("td", {}, number(sum.traces)),
    el("td", {}, sum.steps ? `${(sum.sure / sum.steps).toFixed(0)} %` : "–"));
  });
  const heads = ["type", "role", "steps", "of steps", "", "of words", "traces", "confidence"];
  return el("div", { class: "scroll" }, el("table", {},
    el("thead", {}, el("tr", {}, ...heads.map((h, i) => el("th", { class: i === 1 ? "l" : "" }, h)))),
    el("tbody", {}, ...body)));
}

function binsChart(sums) {
  const columns = [];
  for (let b = 0; b < BINS; b++) {
    const whole = sums.reduce((total, sum) => total + sum.bins[b], 0) || 1;
    const parts = sums.map((sum, kind) => {
      const part = el("i", { colour: types[kind].colour });
      part.style.height = `${(100 * sum.bins[b]) / whole}%`;
      part.title = `${types[kind].name}: ${share(sum.bins[b], whole)}`;
      return part;
    });
    columns.push(el("div", {}, ...parts));
  }
  return el("div", { class: "bins" }, ...columns);
}

function showOverview() {
  const { sums, all } = totals();
  const tiles = [
    tile(number(shown.length), shown.length === traces.length ? "traces" : `of ${number(traces.length)} traces`),
    tile(number(all.steps), "steps"),
    tile(number(all.words), "words"),
    tile(shown.length ? (all.steps / shown.length).toFixed(1) : "–", "steps a trace"),
  ];
  if (about.check >= 0) {
    tiles.push(tile(shown.length ? (all.checks / shown.length).toFixed(2) : "–", "verification steps a trace"));
  }
  if (all.judged) tiles.push(tile(share(all.right, all.judged), `correct, of ${number(all.judged)} judged`));
  if (all.referenced) {
    tiles.push(tile(share(all.answered, all.referenced), "state the reference in a step"));
    if (about.check >= 0 && all.answered) {
      tiles.push(tile((all.after / all.answered).toFixed(2), "verification steps after the answer step"));
    }
  }
  for (const [flag, count] of Object.entries(all.flags).sort()) {
    const part = share(count, all.steps).replace(" ", "\u00a0");
    tiles.push(tile(number(count), `${flag} steps (${part})`));
  }
  byId("main").replaceChildren(
    el("h2", {}, shown.length === traces.length ? "All traces" : "Traces found"),
    el("p", { class: "soft" }, "Click a trace on the left, or a type to filter by it. ",
      "Keys: n and p next and previous trace, j and k next and previous step found, Esc back here."),
    el("div", { class: "tiles" }, ...tiles),
    el("h3", {}, "Types"),
    typeTable(sums, all),
    el("h3", {}, "Where they stand"),
    el("p", { class: "soft" }, "Share of each type among the steps at that place of the trace."),
    binsChart(sums),
    el("div", { class: "axis" }, el("span", {}, "first step"), el("span", {}, "last step")),
  );
}
