/* Start: read what the page is about, draw it, and make it answer. */

/** Theme: as the system has it, light, dark, and round again; nothing is stored. */
function startTheme() {
  const themes = ["auto", "light", "dark"];
  const toggle = document.getElementById("theme");
  let current = 0;
  toggle.hidden = false;
  toggle.addEventListener("click", () => {
    current = (current + 1) % themes.length;
    document.documentElement.dataset.theme = themes[current];
    toggle.textContent = `Theme: ${themes[current]}`;
  });
}

/** On paper nothing can be opened, so everything that belongs there is open. */
function startPrinting() {
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details.printed:not([open])")];
    closed.forEach((details) => details.setAttribute("open", ""));
  });
  addEventListener("afterprint", () => closed.forEach((details) => details.removeAttribute("open")));
}

function start() {
  const report = JSON.parse(document.getElementById("report-data").textContent);
  startTheme();
  startPrinting();
  drawCurves(report);
  const charts = drawDiscrimination(report);
  if (charts) startThreshold(report, charts);
  drawCalibration(report);
  startReviews(report);
  startProbes(report);
  document.documentElement.dataset.ready = "true";
}

start();
