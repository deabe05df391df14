/* Line charts as SVG, coloured by the style sheet, so that they follow the theme and print. */

const FRAME = { width: 480, height: 300, left: 62, right: 16, top: 14, bottom: 46 };

/** Round numbers that divide [low, high] into about so many steps. */
function ticks(low, high, steps = 5) {
  const rough = (high - low) / steps || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough * 0.75);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
}

/** Decimals that tell the ticks of a range apart, two at least. */
function tickDigits(range) {
  const [first, second] = ticks(...range);
  return Math.max(2, Math.ceil(-Math.log10(second - first || 1) - 1e-9));
}

/** A function from numbers of one range to those of another. */
function scale([low, high], [start, end]) {
  const width = high - low || 1;
  return (value) => start + ((value - low) / width) * (end - start);
}

/** The range of numbers, a little wider than they are; not-a-number is passed over. */
function extent(values, { margin = 0.06, low = -Infinity, high = Infinity } = {}) {
  const known = values.filter(Number.isFinite);
  if (!known.length) return [0, 1];
  const [least, most] = [Math.min(...known), Math.max(...known)];
  const extra = (most - least || Math.abs(most) || 1) * margin;
  return [Math.max(low, least - extra), Math.min(high, most + extra)];
}

/**
 * Draw lines over two axes.
 *
 * @param {object} options
 * @param {string} options.label what the picture shows, for those who do not see it
 * @param {{label: string, range: number[], ticks?: number[], format: function(number): string}} options.x
 * @param {{label: string, range: number[], ticks?: number[], format: function(number): string}} options.y
 * @param {{name: string, color: number, points: number[][], dashed?: boolean, dots?: boolean, ring?: number[],
 *   whiskers?: number[][]}[]} options.lines points are [x, y] in the order of x, with a gap where y is no number;
 *   whiskers [x, low, high]
 * @param {number[][]} [options.reference] a quiet line to compare with
 * @param {{low: number, high: number, share: number, color: number}[]} [options.bars] on the x axis, share of height
 * @returns {{figure: Element, mark: function(number, number[]): void}} the drawing with its readout, and what moves the
 *   marker of a line
 */
function lineChart(options) {
  const across = scale(options.x.range, [FRAME.left, FRAME.width - FRAME.right]);
  const up = scale(options.y.range, [FRAME.height - FRAME.bottom, FRAME.top]);
  const markers = options.lines.map((line) =>
    shape("circle", { class: `marker color-${line.color}`, r: 6, hidden: "" }),
  );
  const drawing = shape(
    "svg",
    { viewBox: `0 0 ${FRAME.width} ${FRAME.height}`, role: "img", "aria-label": options.label },
    ...grid(options, across, up),
    ...(options.bars || []).map((bar) => barShape(bar, across)),
    options.reference ? shape("path", { class: "reference", d: path(options.reference, across, up) }) : null,
    ...options.lines.flatMap((line) => lineShapes(line, across, up)),
    ...markers,
  );
  const readout = element("p", { class: "readout", "aria-hidden": "true" }, "\u00a0");
  followPointer(drawing, readout, options, across);
  const mark = (index, [x, y]) => {
    const isKnown = Number.isFinite(x) && Number.isFinite(y);
    markers[index].toggleAttribute("hidden", !isKnown);
    if (isKnown) {
      markers[index].setAttribute("cx", across(x).toFixed(1));
      markers[index].setAttribute("cy", up(y).toFixed(1));
    }
  };
  return { figure: element("div", { class: "chart" }, drawing, readout), mark };
}

function grid({ x, y }, across, up) {
  const bottom = FRAME.height - FRAME.bottom;
  const right = FRAME.width - FRAME.right;
  const rules = (y.ticks || ticks(...y.range)).flatMap((value) => [
    shape("line", { class: "rule", x1: FRAME.left, x2: right, y1: up(value), y2: up(value) }),
    shape("text", { class: "tick", x: FRAME.left - 8, y: up(value) + 4, "text-anchor": "end" }, y.format(value)),
  ]);
  const marks = (x.ticks || ticks(...x.range)).map((value) =>
    shape("text", { class: "tick", x: across(value), y: bottom + 18, "text-anchor": "middle" }, x.format(value)),
  );
  const middle = (FRAME.top + bottom) / 2;
  return [
    ...rules,
    ...marks,
    shape("line", { class: "axis", x1: FRAME.left, x2: right, y1: bottom, y2: bottom }),
    shape(
      "text",
      { class: "name", x: (FRAME.left + right) / 2, y: FRAME.height - 6, "text-anchor": "middle" },
      x.label,
    ),
    shape(
      "text",
      { class: "name", x: 14, y: middle, "text-anchor": "middle", transform: `rotate(-90 14 ${middle})` },
      y.label,
    ),
  ];
}

function lineShapes(line, across, up) {
  const dots = line.dots || line.points.length === 1 ? line.points.filter(([, y]) => Number.isFinite(y)) : [];
  return [
    shape("path", {
      class: `line color-${line.color}${line.dashed ? " dashed" : ""}`,
      d: path(line.points, across, up),
    }),
    ...(line.whiskers || []).map(([x, low, high]) =>
      shape("line", { class: `whisker color-${line.color}`, x1: across(x), x2: across(x), y1: up(low), y2: up(high) }),
    ),
    ...dots.map(([x, y]) => shape("circle", { class: `dot color-${line.color}`, cx: across(x), cy: up(y), r: 3.5 })),
    line.ring && Number.isFinite(line.ring[1])
      ? shape("circle", { class: `ring color-${line.color}`, cx: across(line.ring[0]), cy: up(line.ring[1]), r: 7 })
      : null,
  ];
}

function barShape(bar, across) {
  const bottom = FRAME.height - FRAME.bottom;
  const height = bar.share * (bottom - FRAME.top);
  const [left, right] = [across(bar.low) + 1, across(bar.high) - 1];
  return shape("rect", { class: `bar color-${bar.color}`, x: left, y: bottom - height, width: right - left, height });
}

/** The commands of an SVG path through points, with a gap where one is not known. */
function path(points, across, up) {
  let isDown = false;
  const commands = points.map(([x, y]) => {
    if (!Number.isFinite(x) || !Number.isFinite(y)) {
      isDown = false;
      return "";
    }
    const command = isDown ? "L" : "M";
    isDown = true;
    return `${command}${across(x).toFixed(1)} ${up(y).toFixed(1)}`;
  });
  return commands.join("");
}

/** Under a pointer: a line down to the axis, and below the drawing the values there. */
function followPointer(drawing, readout, options, across) {
  const guide = shape("line", { class: "guide", y1: FRAME.top, y2: FRAME.height - FRAME.bottom, hidden: "" });
  drawing.append(guide);
  const leave = () => {
    guide.setAttribute("hidden", "");
    readout.textContent = "\u00a0";
  };
  drawing.addEventListener("pointerleave", leave);
  drawing.addEventListener("pointermove", (event) => {
    const box = drawing.getBoundingClientRect();
    const position = ((event.clientX - box.left) / box.width) * FRAME.width;
    const near = options.lines.map((line) => nearest(line.points, position, across)).filter(Boolean);
    if (!near.length) return leave();
    const x = near.reduce((one, other) => (other.distance < one.distance ? other : one)).point[0];
    guide.removeAttribute("hidden");
    guide.setAttribute("x1", across(x));
    guide.setAttribute("x2", across(x));
    readout.textContent = `${options.x.label} ${options.x.format(x)}: ${valuesAt(options, x, across)}`;
  });
}

function valuesAt(options, x, across) {
  return options.lines
    .map((line) => [line.name, nearest(line.points, across(x), across)])
    .filter(([, found]) => found && found.distance < 12)
    .map(([title, found]) => `${title} ${options.y.format(found.point[1], true)}`)
    .join(", ");
}

/** The point of a line that is nearest to a position on the x axis; null where the line has none. */
function nearest(points, position, across) {
  let best = null;
  for (const point of points) {
    if (!Number.isFinite(point[1])) continue;
    const distance = Math.abs(across(point[0]) - position);
    if (!best || distance < best.distance) best = { point, distance };
  }
  return best;
}

/** What the colours and dashes mean. */
function legend(lines) {
  const entries = lines.map((line) => {
    const sample = shape("svg", { viewBox: "0 0 28 10", class: "sample", "aria-hidden": "true" });
    sample.append(shape("path", { class: `line color-${line.color}${line.dashed ? " dashed" : ""}`, d: "M1 5L27 5" }));
    return element("li", {}, sample, name(line.name));
  });
  return element("ul", { class: "legend" }, ...entries);
}
