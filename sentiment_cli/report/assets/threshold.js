/* The threshold slider of two classes: figures, matrices and markers move with it. */

/**
 * Counts at each position of the slider come with the page; the shares follow from them.
 *
 * @param {{positives: number, negatives: number, true_positives: number[], false_positives: number[]}} table of a run
 * @param {number} position index of the threshold
 */
function figuresAt(table, position) {
  const [tp, fp] = [table.true_positives[position], table.false_positives[position]];
  const [fn, tn] = [table.positives - tp, table.negatives - fp];
  return {
    matrix: [
      [tn, fp],
      [fn, tp],
    ],
    accuracy: (tp + tn) / (table.positives + table.negatives),
    precision: tp / (tp + fp),
    recall: tp / table.positives,
    specificity: tn / table.negatives,
    f1: (2 * tp) / (2 * tp + fp + fn),
  };
}

/** Make the slider work; `charts` has the curves that show where it stands. */
function startThreshold(report, charts) {
  const slider = document.getElementById("threshold-slider");
  if (!slider) return;
  const known = report.runs.map((run, index) => ({ run, index })).filter(({ run }) => run.threshold);
  const values = known[0].run.threshold.values;
  slider.max = values.length - 1;
  const move = () => {
    const position = Number(slider.value);
    showThreshold(slider, values[position]);
    known.forEach(({ run, index }) => showFigures(run, index, figuresAt(run.threshold, position)));
    moveMarkers(report, charts, position);
  };
  slider.addEventListener("input", move);
  for (const preset of document.querySelectorAll("button[data-threshold]")) {
    preset.addEventListener("click", () => {
      slider.value = values.indexOf(Number(preset.dataset.threshold));
      move();
    });
  }
  slider.value = values.indexOf(0.5);
  move();
}

function showThreshold(slider, value) {
  const text = value.toFixed(3);
  slider.setAttribute("aria-valuetext", text);
  document.getElementById("threshold-value").textContent = text;
}

function showFigures(run, index, figures) {
  for (const key of ["accuracy", "precision", "recall", "specificity", "f1"]) {
    document.getElementById(`threshold-${index}-${key}`).textContent = decimal(figures[key], 4);
  }
  figures.matrix.forEach((row, actual) => {
    const total = row[0] + row[1];
    row.forEach((number, predicted) => showCell(`threshold-${index}-${actual}-${predicted}`, number, number / total));
  });
}

function showCell(id, number, ofRow) {
  const cell = document.getElementById(id);
  cell.className = `shade-${Number.isFinite(ofRow) ? Math.round(ofRow * 10) : 0}`;
  cell.replaceChildren(element("b", {}, count(number)), element("span", {}, percent(ofRow)));
}

/** One marker a run, on its curve of the second class. */
function moveMarkers(report, charts, position) {
  let line = 0;
  for (const run of report.runs) {
    if (run.threshold) {
      const { recall, specificity, precision } = figuresAt(run.threshold, position);
      charts.roc.mark(line, [1 - specificity, recall]);
      charts.recall.mark(line, [recall, precision]);
    }
    line += (run.roc || []).length;
  }
}
