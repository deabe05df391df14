/* A review as a row: its text with what is known of it, and its figures; suspect labels and failures of probes. */

/** A longer text is folded; its button shows the rest. */
const FOLDED = 420;

/** A row: the text with what is known of it, and the figures. */
function reviewRow(report, runIndex, index) {
  const run = report.runs[runIndex];
  const { rows } = run;
  const place = rows.review[index];
  const cell = (label, ...content) =>
    element("td", { role: "cell", "data-label": label }, element("div", {}, ...content));
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
    reasons.length
      ? element("ul", { class: "reasons" }, ...reasons.map((reason) => element("li", {}, name(reason))))
      : null,
    element("code", { class: "path" }, name(report.reviews.paths[place])),
  ].filter(Boolean);
}

function foldButton(shown) {
  shown.classList.add("folded");
  const fold = button(
    "Show all",
    () => {
      const isFolded = shown.classList.toggle("folded");
      fold.textContent = isFolded ? "Show all" : "Show less";
      fold.setAttribute("aria-expanded", String(!isFolded));
    },
    { class: "fold", "aria-expanded": "false" },
  );
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

/** The worst failures of a probe, once its list is opened: texts, and what became of them. */
function startProbes(report) {
  for (const details of document.querySelectorAll("details[data-probe]")) {
    const [run, probe] = details.dataset.probe.split(":").map(Number);
    details.addEventListener(
      "toggle",
      () => {
        details.append(...report.runs[run].probes.probes[probe].worst.map(failureShown));
      },
      { once: true },
    );
  }
}

function failureShown(failure) {
  const texts = failure.texts.map((text, index) =>
    element(
      "div",
      {},
      element("div", { class: "text", dir: "auto", lang: "" }, text),
      element(
        "p",
        { class: "note" },
        name(failure.predicted[index]),
        ", P(",
        name(failure.watched),
        `) ${decimal(failure.probabilities[index])}`,
      ),
    ),
  );
  texts[texts.length - 1].lastChild.append("; expected: ", name(failure.expected));
  return element("div", { class: "failure" }, ...texts);
}

/** The labels that are likely wrong, as far as texts and words of the same run are known. */
function showSuspects(report) {
  report.runs.forEach((run, runIndex) => {
    const body = document.querySelector(`#suspects-${runIndex} tbody`);
    if (!body) return;
    body.append(
      ...run.suspects.rows.map((suspect, index) => {
        const row = run.rowOf.get(suspect.review);
        return element(
          "tr",
          { role: "row" },
          element("td", { role: "cell", "data-label": "rank" }, String(index + 1)),
          element("td", { role: "cell", class: "review" }, ...reviewCell(report, run, row)),
          element(
            "td",
            { role: "cell", "data-label": "label" },
            name(report.class_names[report.reviews.actual[suspect.review]]),
          ),
          element("td", { role: "cell", "data-label": "suggested" }, name(report.class_names[suspect.suggested])),
          element("td", { role: "cell", "data-label": "probability of the label" }, decimal(suspect.confidence, 4)),
        );
      }),
    );
  });
}
