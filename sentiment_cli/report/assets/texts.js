/* Review texts with coloured words. What is shown is a text node, whatever is in it.
 *
 * Scores are stored for the predicted class. On the page they have the signs of the colours: with two classes above 0
 * and blue speaks for the second one, whatever was predicted; with more for the predicted one. `turned` says that the
 * stored signs are the other way round.
 */

/** A review's text; why there is none, where there is none. */
function reviewText(report, place, words, turned) {
  const text = report.reviews.texts[place];
  if (text === undefined) return element("p", { class: "absent" }, absence(report, place));
  // lang="": nobody knows the language of a review.
  const node = element("div", { class: "text", dir: "auto", lang: "" });
  node.append(...(words ? coloured(text, words, turned) : [text || "(empty)"]));
  return node;
}

function absence(report, place) {
  if (report.texts === "none") return "This page was made without texts.";
  const isKept = report.texts === "all" || report.runs.some((run) => run.wrongPlaces.has(place));
  return isKept ? "The file is gone." : "Only wrong predictions have their texts on this page; --texts all gives all.";
}

/** The words of a text with their scores, from a list of gaps, lengths and scores. */
function scored(words, turned) {
  const spans = [];
  let place = 0;
  for (let index = 0; index < words.length; index += 3) {
    const start = place + words[index];
    place = start + words[index + 1];
    spans.push({ start, end: place, score: turned ? -words[index + 2] : words[index + 2] });
  }
  return spans;
}

/** Text and coloured words in turn. */
function coloured(text, words, turned) {
  const pieces = [];
  const spans = scored(words, turned);
  const most = Math.max(...spans.map(({ score }) => Math.abs(score)), 1e-9);
  let done = 0;
  for (const { start, end, score } of spans) {
    if (start > done) pieces.push(text.slice(done, start));
    const tone = score > 0 ? "word blue" : "word red";
    const word = element("span", { class: tone, title: signed(score) }, text.slice(start, end));
    word.style.setProperty("--strength", `${Math.round((Math.abs(score) / most) * 60)}%`);
    pieces.push(word);
    done = end;
  }
  pieces.push(text.slice(done));
  return pieces;
}

/** The strongest words in a line, for those who do not see the colours. */
function strongestWords(text, words, turned, most = 6) {
  const sums = new Map();
  for (const { start, end, score } of scored(words, turned)) {
    const word = text.slice(start, end).toLowerCase();
    sums.set(word, (sums.get(word) || 0) + score);
  }
  const ranked = [...sums].sort(([, one], [, other]) => Math.abs(other) - Math.abs(one)).slice(0, most);
  const line = element("p", { class: "strongest" }, "Strongest words: ");
  ranked.forEach(([word, score], index) => line.append(index ? ", " : "", name(word), `\u00a0${signed(score)}`));
  return line;
}

/** A score with its sign; what is zero when it is rounded has none. */
function signed(score) {
  const shown = Math.abs(score).toFixed(2);
  if (Number(shown) === 0) return shown;
  return `${score < 0 ? "−" : "+"}${shown}`;
}

/**
 * Mark every place of a phrase, folded, in the texts below an element, where the browser can do that without new
 * elements.
 */
function markFound(root, query) {
  if (!("highlights" in CSS)) return;
  const phrase = phraseOf(query);
  const ranges = query ? [...root.querySelectorAll(".text, .path")].flatMap((node) => foundIn(node, phrase)) : [];
  CSS.highlights.set("found", new Highlight(...ranges));
}

/** What finds a phrase with its places. A letter that has two in the other case, such as ß, is found without one. */
function phraseOf(query) {
  const words = query.split(" ").map((word) => word.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
  return new RegExp(words.join(SPACES.source), "giu");
}

function foundIn(node, phrase) {
  return [...node.textContent.matchAll(phrase)].map(({ index, 0: { length } }) => {
    const range = document.createRange();
    range.setStart(...placeIn(node, index));
    range.setEnd(...placeIn(node, index + length));
    return range;
  });
}

/** The text node below an element, and the place in it, of a character of all its text. */
function placeIn(node, place) {
  const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
  let left = place;
  while (walker.nextNode() && left > walker.currentNode.length) left -= walker.currentNode.length;
  return [walker.currentNode, left];
}
