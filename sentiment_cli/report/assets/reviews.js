/* The table of predictions: its controls and its pages. */

const PAGE_ROWS = 25;

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
    run: 0,
    show: "wrong",
    actual: null,
    predicted: null,
    kind: "",
    slices: {},
    other: 0,
    outcome: "",
    query: "",
    sort: "loss",
    descending: true,
    page: 0,
  };
}

/** The choices that depend on the run: classes, kinds, slices, other runs. */
function buildFilters(table) {
  const { report, state } = table;
  const run = report.runs[state.run];
  const classes = run.class_names.map((title) => [report.class_names.indexOf(title), title]);
  fill(
    "filter-run",
    report.runs.map((one, index) => [index, one.name]),
    state.run,
  );
  fill("filter-actual", [["", "any"], ...classes], state.actual ?? "");
  fill("filter-predicted", [["", "any"], ...classes], state.predicted ?? "");
  document.getElementById("field-kind").hidden = run.class_names.length !== 2;
  const others = report.runs.map((one, index) => [index, one.name]).filter(([index]) => index !== state.run);
  fill(
    "filter-outcome",
    [["", "any"], ...others.flatMap(outcomeChoices)],
    state.outcome ? `${state.outcome}:${state.other}` : "",
  );
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
  const fields = run.rows.slices
    .filter((slice) => slice.names.length > 1)
    .map((slice) => {
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
    fill(
      select.id,
      [["", "any"], ...slice.names.map((title, index) => [index, title])],
      table.state.slices[slice.by] ?? "",
    );
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
  const change = (id, event, action) =>
    document.getElementById(id)?.addEventListener(event, (what) => {
      action(what.target.value);
      restart(table);
    });
  const classOrNone = (value) => (value === "" ? null : Number(value));
  change("filter-show", "change", (value) => {
    state.show = value;
  });
  change("filter-actual", "change", (value) => {
    state.actual = classOrNone(value);
  });
  change("filter-predicted", "change", (value) => {
    state.predicted = classOrNone(value);
  });
  change("filter-kind", "change", (value) => {
    state.kind = value;
  });
  change("filter-sort", "change", (value) => {
    [state.sort, state.descending] = sortFrom(value);
  });
  change("filter-outcome", "change", (value) => chooseOutcome(state, value));
  change("filter-run", "change", (value) => chooseRun(table, Number(value)));
  const search = document.getElementById("filter-query");
  search.addEventListener(
    "input",
    settled(() => {
      state.query = foldText(search.value);
      restart(table);
    }, 120),
  );
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
  markFound(body, state.query);
  const range = chosen.length > PAGE_ROWS ? `, ${count(start + 1)} to ${count(start + shown.length)} are shown` : "";
  document.getElementById("reviews-count").textContent = `${counted(chosen.length, "review")}${range}`;
  document.getElementById("pages-before").disabled = start === 0;
  document.getElementById("pages-after").disabled = start + PAGE_ROWS >= chosen.length;
}
