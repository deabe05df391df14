/* The pictures of the page: curves of the training, ROC, precision and recall, calibration. */

const UNIT = { range: [0, 1], ticks: [0, 0.2, 0.4, 0.6, 0.8, 1] };
/** Ticks are short; what a pointer reads off has three decimals. */
const share = (value, exact = false) => value.toFixed(exact ? 3 : 1);

/** Put a picture with its legend into the place that the page has for it. */
function place(id, chart, lines) {
  const spot = document.getElementById(id);
  if (spot) spot.append(...(lines.length > 1 ? [legend(lines)] : []), chart.figure);
}

/** "of run a" where there are several: names tell lines apart, and one line needs none. */
function prefix(report, run, rest) {
  return report.runs.length > 1 ? `${run.name}: ${rest}` : rest;
}

/** Accuracy and loss over the epochs. */
function drawCurves(report) {
  for (const measure of ["accuracy", "loss"]) {
    const lines = report.runs.flatMap((run, index) =>
      run.curves.flatMap((curve) => curveLines(report, run, index, curve, measure)),
    );
    if (!lines.length) continue;
    const epochs = lines.flatMap((line) => line.points.map(([x]) => x));
    const values = lines.flatMap((line) => line.points.map(([, y]) => y));
    const last = Math.max(...epochs);
    const range = extent(values, measure === "accuracy" ? { low: 0, high: 1 } : { low: 0 });
    const chart = lineChart({
      label: curvesLabel(lines, measure),
      x: {
        label: "epoch",
        range: [Math.min(1, last - 1), Math.max(last, 2)],
        ticks: wholeTicks(last),
        format: (x) => String(Math.round(x)),
      },
      y: {
        label: measure === "accuracy" ? "accuracy" : "loss (nats)",
        range,
        format: (value, exact = false) => value.toFixed(exact ? 4 : tickDigits(range)),
      },
      lines,
    });
    place(`chart-${measure}`, chart, lines);
  }
}

function curveLines(report, run, index, curve, measure) {
  const prefixed = (part) => prefix(report, run, run.curves.length > 1 ? `${curve.name}, ${part}` : part);
  const points = (values) => curve.epochs.map((epoch, position) => [epoch, values[position] ?? NaN]);
  const color = report.runs.length > 1 ? index : run.curves.indexOf(curve);
  const validation = points(curve[`val_${measure}`]);
  const isKnown = validation.some(([, value]) => Number.isFinite(value));
  const training = points(curve[measure]);
  const ring = (isKnown ? validation : training).find(([epoch]) => epoch === curve.best);
  const lines = [
    { name: prefixed("training"), color, points: training, dashed: true, ring: isKnown ? undefined : ring },
  ];
  if (isKnown)
    lines.unshift({ name: prefixed("validation"), color, points: validation, dots: curve.epochs.length <= 30, ring });
  return lines;
}

function curvesLabel(lines, measure) {
  const ends = lines.map((line) => {
    const known = line.points.filter(([, value]) => Number.isFinite(value));
    if (!known.length) return `${line.name} not measured`;
    return `${line.name} from ${decimal(known[0][1])} to ${decimal(known[known.length - 1][1])}`;
  });
  return `${measure === "accuracy" ? "Accuracy" : "Loss"} over the epochs: ${ends.join("; ")}.`;
}

function wholeTicks(last) {
  const step = Math.max(1, Math.ceil(last / 10));
  return Array.from({ length: Math.floor(last / step) }, (_, index) => (index + 1) * step).concat(step > 1 ? [1] : []);
}

/**
 * ROC and precision-recall curves.
 *
 * @returns {{roc: object, recall: object} | null} the charts, whose markers a threshold moves; null without predictions
 */
function drawDiscrimination(report) {
  const of = (key) => report.runs.flatMap((run, index) => (run[key] || []).map((curve) => ({ run, index, curve })));
  const lines = (key, figure) =>
    of(key).map(({ run, index, curve }) => ({
      name: prefix(report, run, `${curve.name}, ${figure} ${decimal(curve.area)}`),
      color: report.runs.length > 1 ? index : run[key].indexOf(curve),
      dashed: report.runs.length > 1 && run[key].indexOf(curve) % 2 === 1,
      points: curve.points,
    }));
  const [rocLines, recallLines] = [lines("roc", "AUC"), lines("precision_recall", "average precision")];
  if (!rocLines.length) return null;
  const label = (start, all) => `${start}: ${all.map((line) => line.name).join("; ")}.`;
  const roc = lineChart({
    label: label("ROC curve", rocLines),
    x: { label: "false positive rate", ...UNIT, format: share },
    y: { label: "true positive rate (recall)", ...UNIT, format: share },
    lines: rocLines,
    reference: [
      [0, 0],
      [1, 1],
    ],
  });
  const recall = lineChart({
    label: label("Precision over recall", recallLines),
    x: { label: "recall", ...UNIT, format: share },
    y: { label: "precision", ...UNIT, format: share },
    lines: recallLines,
  });
  place("chart-roc", roc, rocLines);
  place("chart-precision-recall", recall, recallLines);
  return { roc, recall };
}

/** How often predictions of each confidence are right. */
function drawCalibration(report) {
  const known = report.runs.map((run, index) => ({ run, index })).filter(({ run }) => run.calibration);
  if (!known.length) return;
  const most = Math.max(...known.flatMap(({ run }) => run.calibration.bins.map((bin) => bin.examples)));
  const lines = known.map(({ run, index }) => ({
    name: prefix(report, run, `expected calibration error ${decimal(run.calibration.ece, 4)}`),
    color: index,
    dots: true,
    points: run.calibration.bins.map((bin) => [bin.confidence, bin.accuracy]),
    whiskers: run.calibration.bins.map((bin) => [bin.confidence, ...bin.interval]),
  }));
  const start =
    Math.floor(10 * Math.min(...known.flatMap(({ run }) => run.calibration.bins.map((bin) => bin.low)))) / 10;
  const chart = lineChart({
    label: `Share of right predictions by confidence: ${lines.map((line) => line.name).join("; ")}.`,
    x: { label: "confidence", range: [start, 1], ticks: ticks(start, 1), format: share },
    y: { label: "share that is right", range: [start, 1], ticks: ticks(start, 1), format: share },
    lines,
    reference: [
      [start, start],
      [1, 1],
    ],
    bars: known.length > 1 ? [] : histogram(known[0].run.calibration.bins, most),
  });
  place("chart-calibration", chart, lines);
}

/** How many predictions each bin has, as bars of a quarter of the height at most. */
function histogram(bins, most) {
  return bins.map((bin) => ({ low: bin.low, high: bin.high, share: (bin.examples / most) * 0.25, color: 0 }));
}
