/* The table of predictions: controls, pages of rows, and single rows. */

const PAGE_ROWS = 25;
/** A longer text is folded; its button shows the rest. */
const FOLDED = 420;

/** Make the table and everything that leads to it. */
function startReviews(report) {
  prepareRuns(report);
  if (!document.getElementById("reviews-table")) return;
  const state = initialState();
  const table = { report, state, chosen: [] };
  buildFilters(table);
  listen(table);
  document.querySelectorAll("button[data-filter]").forEach((link) => {
    link.addEventListener("click", () => follow(table, link.dataset));
  });
  refresh(table);
  showSuspects(report);
}

function initialState() {
  return {
    run: 0, show: "wrong", actual: null, predicted: null, kind: "", slices: {}, other: 0, outcome: "", query: "",
    sort: "loss", descending: true, page: 0,
  };
}

/** The choices that depend on the run: classes, kinds, slices, other runs. */
function buildFilters(table) {
  const { report, state } = table;
  const run = report.runs[state.run];
  const classes = run.class_names.map((title) => [report.class_names.indexOf(title), title]);
  fill("filter-run", report.runs.map((one, index) => [index, one.name]), state.run);
  fill("filter-actual", [["", "any"], ...classes], state.actual ?? "");
  fill("filter-predicted", [["", "any"], ...classes], state.predicted ?? "");
  document.getElementById("field-kind").hidden = run.class_names.length !== 2;
  const others = report.runs.map((one, index) => [index, one.name]).filter(([index]) => index !== state.run);
  fill("filter-outcome", [["", "any"], ...others.flatMap(outcomeChoices)], state.outcome ? `${state.outcome}:${state.other}` : "");
  buildSliceFilters(table, run);
}

function outcomeChoices([index, title]) {
  return [
    [`broken:${index}`, `wrong here, right in ${title}`],
    [`fixed:${index}`, `right here, wrong in ${title}`],
    [`both:${index}`, `wrong here and in ${title}`],
  ];
}

function buildSliceFilters(table, run) {
  const place = document.getElementById("filter-slices");
  const fields = run.rows.slices.filter((slice) => slice.names.length > 1).map((slice) => {
    const select = element("select", { id: `filter-${slice.by}` });
    select.addEventListener("change", () => {
      if (select.value === "") delete table.state.slices[slice.by];
      else table.state.slices[slice.by] = Number(select.value);
      restart(table);
    });
    const label = element("label", { class: "field" }, element("span", {}, slice.title), select);
    return { slice, select, label };
  });
  place.replaceChildren(...fields.map(({ label }) => label));
  for (const { slice, select } of fields) {
    fill(select.id, [["", "any"], ...slice.names.map((title, index) => [index, title])], table.state.slices[slice.by] ?? "");
  }
}

/** Give a list of choices its options. */
function fill(id, options, value) {
  const select = document.getElementById(id);
  if (!select) return;
  select.replaceChildren(...options.map(([key, title]) => element("option", { value: key }, title)));
  select.value = String(value);
}

function listen(table) {
  const { state } = table;
  const change = (id, event, action) => document.getElementById(id)?.addEventListener(event, (what) => {
    action(what.target.value);
    restart(table);
  });
  const classOrNone = (value) => (value === "" ? null : Number(value));
  change("filter-show", "change", (value) => { state.show = value; });
  change("filter-actual", "change", (value) => { state.actual = classOrNone(value); });
  change("filter-predicted", "change", (value) => { state.predicted = classOrNone(value); });
  change("filter-kind", "change", (value) => { state.kind = value; });
  change("filter-sort", "change", (value) => { [state.sort, state.descending] = sortFrom(value); });
  change("filter-outcome", "change", (value) => chooseOutcome(state, value));
  change("filter-run", "change", (value) => chooseRun(table, Number(value)));
  const search = document.getElementById("filter-query");
  search.addEventListener("input", settled(() => {
    state.query = search.value.trim().toLowerCase();
    restart(table);
  }, 120));
  document.getElementById("filter-reset").addEventListener("click", () => reset(table));
  for (const head of document.querySelectorAll("#reviews-table th[data-sort] button")) {
    head.addEventListener("click", () => sortBy(table, head.closest("th").dataset.sort));
  }
  document.getElementById("pages-before").addEventListener("click", () => turn(table, -1));
  document.getElementById("pages-after").addEventListener("click", () => turn(table, 1));
}

function sortFrom(value) {
  const [sort, order] = value.split(":");
  return [sort, order === "down"];
}

/** Where one of two runs is right, not only the wrong predictions of this one are meant. */
function chooseOutcome(state, value) {
  const [outcome, other] = value.split(":");
  Object.assign(state, { outcome, other: Number(other || 0), show: outcome ? "all" : "wrong" });
}

function chooseRun(table, run) {
  Object.assign(table.state, initialState(), { run, sort: table.state.sort, descending: table.state.descending });
  document.getElementById("filter-query").value = "";
  buildFilters(table);
}

function reset(table) {
  Object.assign(table.state, initialState(), { run: table.state.run });
  document.getElementById("filter-query").value = "";
  buildFilters(table);
  restart(table);
}

/** The first click on a head sorts the largest first, the second the smallest. */
function sortBy(table, sort) {
  const { state } = table;
  state.descending = state.sort === sort ? !state.descending : true;
  state.sort = sort;
  restart(table);
}

/** Show what a button elsewhere on the page speaks of: a slice, a cell of a matrix, an outcome. */
function follow(table, { run, by, name: title, actual, predicted, outcome, other }) {
  Object.assign(table.state, initialState(), { run: Number(run) });
  if (by) {
    const slice = table.report.runs[table.state.run].rows.slices.find((one) => one.by === by);
    table.state.slices[by] = slice.names.indexOf(title);
  }
  if (actual !== undefined) {
    Object.assign(table.state, { actual: Number(actual), predicted: Number(predicted), show: "all" });
  }
  if (outcome) chooseOutcome(table.state, `${outcome}:${other}`);
  document.getElementById("filter-query").value = "";
  buildFilters(table);
  restart(table);
  const heading = document.getElementById("reviews-heading");
  heading.scrollIntoView();
  heading.focus({ preventScroll: true });
}

function restart(table) {
  table.state.page = 0;
  refresh(table);
}

function turn(table, step) {
  table.state.page += step;
  showPage(table);
  document.getElementById("reviews-count").scrollIntoView({ block: "nearest" });
}

/** Choose and sort the rows anew, and show the first page of them. */
function refresh(table) {
  table.chosen = selectRows(table.report, table.state);
  showControls(table.state);
  showPage(table);
}

function showControls(state) {
  document.getElementById("filter-show").value = state.show;
  document.getElementById("filter-kind").value = state.kind;
  document.getElementById("filter-sort").value = `${state.sort}:${state.descending ? "down" : "up"}`;
  for (const head of document.querySelectorAll("#reviews-table th[data-sort]")) {
    const isSorted = head.dataset.sort === state.sort;
    head.setAttribute("aria-sort", isSorted ? (state.descending ? "descending" : "ascending") : "none");
  }
}

function showPage({ report, state, chosen }) {
  const start = state.page * PAGE_ROWS;
  const shown = chosen.slice(start, start + PAGE_ROWS);
  const body = document.querySelector("#reviews-table tbody");
  body.replaceChildren(...shown.map((index) => reviewRow(report, state.run, index)));
  const range = chosen.length > PAGE_ROWS ? `, ${count(start + 1)} to ${count(start + shown.length)} are shown` : "";
  document.getElementById("reviews-count").textContent = `${counted(chosen.length, "review")}${range}`;
  document.getElementById("pages-before").disabled = start === 0;
  document.getElementById("pages-after").disabled = start + PAGE_ROWS >= chosen.length;
}

/** A row: the text with what is known of it, and the figures. */
function reviewRow(report, runIndex, index) {
  const run = report.runs[runIndex];
  const { rows } = run;
  const place = rows.review[index];
  const cell = (label, ...content) => element("td", { role: "cell", "data-label": label }, element("div", {}, ...content));
  const share = rows.unknown[index] / Math.max(rows.tokens[index] - rows.cut[index], 1);
  return element(
    "tr",
    { role: "row", class: run.isWrong[index] ? "wrong" : "right" },
    element("td", { role: "cell", class: "review" }, ...reviewCell(report, run, index)),
    cell("actual", name(report.class_names[report.reviews.actual[place]])),
    cell("predicted", name(report.class_names[rows.predicted[index]]), ...otherRuns(report, runIndex, place)),
    cell("confidence", decimal(rows.probability[index])),
    cell("loss", decimal(rows.loss[index])),
    cell("words", count(rows.tokens[index])),
    cell("cut", count(rows.cut[index])),
    cell("unknown", percent(share)),
  );
}

function reviewCell(report, run, index) {
  const place = run.rows.review[index];
  const text = report.reviews.texts[place];
  const words = run.rows.words[index];
  const turned = run.class_names.length === 2 && report.class_names[run.rows.predicted[index]] === run.class_names[0];
  const shown = reviewText(report, place, words, turned);
  const reasons = run.rows.reasons[index] || [];
  return [
    shown,
    text && text.length > FOLDED ? foldButton(shown) : null,
    words && text ? strongestWords(text, words, turned) : null,
    reasons.length ? element("ul", { class: "reasons" }, ...reasons.map((reason) => element("li", {}, name(reason)))) : null,
    element("code", { class: "path" }, name(report.reviews.paths[place])),
  ].filter(Boolean);
}

function foldButton(shown) {
  shown.classList.add("folded");
  const fold = button("Show all", () => {
    const isFolded = shown.classList.toggle("folded");
    fold.textContent = isFolded ? "Show all" : "Show less";
    fold.setAttribute("aria-expanded", String(!isFolded));
  }, { class: "fold", "aria-expanded": "false" });
  return fold;
}

/** What the other runs said of the same review. */
function otherRuns(report, runIndex, place) {
  return report.runs.flatMap((run, index) => {
    const row = index === runIndex ? undefined : run.rowOf.get(place);
    if (row === undefined) return [];
    const said = [name(run.name), ": ", name(report.class_names[run.rows.predicted[row]])];
    return [element("small", {}, ...said, ` ${decimal(run.rows.probability[row], 2)}`)];
  });
}

/** The worst failures of a probe, once its list is opened: texts of its templates, or of reviews and what became of them. */
function startProbes(report) {
  for (const details of document.querySelectorAll("details[data-probe]")) {
    const [run, probe] = details.dataset.probe.split(":").map(Number);
    details.addEventListener("toggle", () => {
      details.append(...report.runs[run].probes.probes[probe].worst.map(failureShown));
    }, { once: true });
  }
}

function failureShown(failure) {
  const texts = failure.texts.map((text, index) => element(
    "div",
    {},
    element("div", { class: "text", dir: "auto", lang: "" }, text),
    element("p", { class: "note" }, name(failure.predicted[index]), ", P(", name(failure.watched), `) ${decimal(failure.probabilities[index])}`),
  ));
  texts[texts.length - 1].lastChild.append("; expected: ", name(failure.expected));
  return element("div", { class: "failure" }, ...texts);
}

/** The labels that are likely wrong, as far as texts and words of the same run are known. */
function showSuspects(report) {
  report.runs.forEach((run, runIndex) => {
    const body = document.querySelector(`#suspects-${runIndex} tbody`);
    if (!body) return;
    body.append(...run.suspects.rows.map((suspect, index) => {
      const row = run.rowOf.get(suspect.review);
      return element(
        "tr",
        { role: "row" },
        element("td", { role: "cell", "data-label": "rank" }, String(index + 1)),
        element("td", { role: "cell", class: "review" }, ...reviewCell(report, run, row)),
        element("td", { role: "cell", "data-label": "label" }, name(report.class_names[report.reviews.actual[suspect.review]])),
        element("td", { role: "cell", "data-label": "suggested" }, name(report.class_names[suspect.suggested])),
        element("td", { role: "cell", "data-label": "probability of the label" }, decimal(suspect.confidence, 4)),
      );
    }));
  });
}
