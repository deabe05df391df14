/* Elements, numbers and words: what every other part of the page is made with.
 *
 * Review texts, paths and class names come from strangers. They reach the page as text nodes and attribute values only;
 * nothing here, nor anywhere in these scripts, parses a string as HTML.
 */

const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes and children; text becomes a text node, null and undefined are left out. */
function element(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

/** The same for a shape of a drawing. */
function shape(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

function filled(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** A button that does something. */
function button(label, action, attributes = {}) {
  const node = element("button", { type: "button", ...attributes }, label);
  node.addEventListener("click", action);
  return node;
}

/** A name that keeps its direction of writing to itself. */
function name(text) {
  return element("bdi", {}, text);
}

const WHOLE = new Intl.NumberFormat("en-US");

/** 25000 as 25,000. */
function count(number) {
  return WHOLE.format(number);
}

/** A share in [0, 1] as 87.6 %; a dash where there is none, as for 0/0. */
function percent(share, digits = 1) {
  return Number.isFinite(share) ? `${(100 * share).toFixed(digits)}\u00a0%` : "–";
}

/** A number with so many decimals; a dash where there is none. */
function decimal(number, digits = 3) {
  return Number.isFinite(number) ? number.toFixed(digits) : "–";
}

/** "1 review", "2 reviews". */
function counted(number, noun) {
  return `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
}

/** Call a function once things have been quiet for so many milliseconds: a key press does not search by itself. */
function settled(action, milliseconds) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(action, milliseconds);
  };
}
