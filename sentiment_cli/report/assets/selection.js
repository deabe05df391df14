/* Which predictions does the table show, and in which order? Nothing in this file touches the document. */

/** What rows can be sorted by: a number of each. */
const SORTS = {
  loss: (rows, index) => rows.loss[index],
  confidence: (rows, index) => rows.probability[index],
  length: (rows, index) => rows.tokens[index],
  unknown: (rows, index) => rows.unknown[index] / Math.max(rows.tokens[index] - rows.cut[index], 1),
  cut: (rows, index) => rows.cut[index],
  order: (rows, index) => index,
};

/** How a row of one run stands to the same review in another one. */
const OUTCOMES = {
  broken: (isWrong, wasWrong) => isWrong && !wasWrong,
  fixed: (isWrong, wasWrong) => !isWrong && wasWrong,
  both: (isWrong, wasWrong) => isWrong && wasWrong,
};

/** What Python takes for white space, too. */
const SPACES = /[\s\x1c-\x1f\x85]+/g;
/** Letters beyond ASCII, and white space that is not one blank. */
const MANIFOLD = /[\t-\r\x1c-\x1f\x80-\uffff]| {2}/;

/** What is computed once: which rows are wrong, and the row of each review. */
function prepareRuns(report) {
  const { actual } = report.reviews;
  for (const run of report.runs) {
    const { review, predicted } = run.rows;
    run.isWrong = review.map((place, index) => predicted[index] !== actual[place]);
    run.rowOf = new Map(review.map((place, index) => [place, index]));
    run.wrongPlaces = new Set(review.filter((_, index) => run.isWrong[index]));
  }
  report.searched = new Map();
}

/**
 * The rows of a run that are asked for, in the order asked for; ties keep the order of the reviews.
 *
 * @param {object} report
 * @param {object} state as the controls have it: run, show, actual, predicted, kind, slices, other, outcome, query,
 *   sort, descending
 * @returns {number[]} indices of rows
 */
function selectRows(report, state) {
  const run = report.runs[state.run];
  const tests = rowTests(report, run, state);
  const chosen = [];
  for (let index = 0; index < run.rows.review.length; index += 1) {
    if (tests.every((test) => test(index))) chosen.push(index);
  }
  return sortRows(run.rows, chosen, state);
}

/** The conditions that hold for a row that is shown, the cheap ones first. */
function rowTests(report, run, state) {
  const { rows } = run;
  const { actual, paths } = report.reviews;
  const tests = [];
  if (state.show !== "all") tests.push((index) => run.isWrong[index] === (state.show === "wrong"));
  if (state.actual !== null) tests.push((index) => actual[rows.review[index]] === state.actual);
  if (state.predicted !== null) tests.push((index) => rows.predicted[index] === state.predicted);
  if (state.kind) tests.push(kindTest(report, run, state.kind));
  for (const [by, place] of Object.entries(state.slices)) {
    const column = rows.slices.find((slice) => slice.by === by).of;
    tests.push((index) => column[index] === place);
  }
  if (state.outcome) tests.push(outcomeTest(run, report.runs[state.other], state.outcome));
  if (state.query) tests.push((index) => contains(report, rows.review[index], paths, state.query));
  return tests;
}

/** A false positive was taken for the second of two classes, a false negative for the first. */
function kindTest(report, run, kind) {
  const second = report.class_names.indexOf(run.class_names[1]);
  return (index) => run.isWrong[index] && (run.rows.predicted[index] === second) === (kind === "fp");
}

function outcomeTest(run, other, outcome) {
  const holds = OUTCOMES[outcome];
  return (index) => {
    const row = other.rowOf.get(run.rows.review[index]);
    return row !== undefined && holds(run.isWrong[index], other.isWrong[row]);
  };
}

/** Whether a review has a phrase, folded, in its text or path, in whatever case and white space. */
function contains(report, place, paths, query) {
  let text = report.searched.get(place);
  if (text === undefined) {
    // No phrase has the end of a line, so that none begins in the one and ends in the other.
    text = `${foldText(report.reviews.texts[place] || "")}\n${foldText(paths[place])}`;
    report.searched.set(place, text);
  }
  return text.includes(query);
}

/** A text without differences in case and white space, as `misclassified --contains` compares them. */
function foldText(text) {
  // Most texts: without this, 25,000 take a second.
  if (!MANIFOLD.test(text)) return text.toLowerCase().trim();
  const letters = text.toUpperCase().toLowerCase().replaceAll("ς", "σ");
  return letters.replace(SPACES, " ").trim();
}

function sortRows(rows, chosen, { sort, descending }) {
  const key = SORTS[sort];
  const values = new Map(chosen.map((index) => [index, key(rows, index)]));
  const sign = descending ? -1 : 1;
  return chosen.sort((one, other) => sign * (values.get(one) - values.get(other)) || one - other);
}
