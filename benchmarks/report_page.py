"""How long does a report take to be there and to answer, in Debian's chromium?

    pip install -e '.[dev]' && apt-get install chromium chromium-driver
    python benchmarks/report_page.py runs/lstm/report.html

Prints a JSON object: seconds from the navigation to the page that answers (median of five, each in a new browser),
and milliseconds of each thing that a reader does, its layout included (median of 20 times).
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Any

VISITS, TIMES = 5, 20
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,1000",
)
# What happens in the page when a reader does something, as an event of its own; the layout is asked for at the end.
ACTIONS = {
    "sort": "document.querySelector('th[data-sort=length] button').click()",
    "show all": "set('filter-show', step % 2 ? 'all' : 'wrong', 'change')",
    "filter": "set('filter-kind', step % 2 ? 'fp' : '', 'change')",
    "next page": "document.getElementById(step % 2 ? 'pages-after' : 'pages-before').click()",
    "slider": "set('threshold-slider', 20 + 5 * step, 'input')",
}
MEASURE = """
const [times] = arguments;
const set = (id, value, event) => {
  const field = document.getElementById(id);
  field.value = value;
  field.dispatchEvent(new Event(event, { bubbles: true }));
};
const measured = [];
for (let step = 0; step < times; step += 1) {
  const start = performance.now();
  ACTION;
  document.body.getBoundingClientRect();
  measured.push(performance.now() - start);
}
return measured;
"""
# From the navigation to the end of the page's own script.
READY = 'return performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd / 1000'


def open_browser(profile: str) -> Any:
    """A browser with an empty profile."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or "chromium"
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))


def visit(page: Path) -> tuple[float, dict[str, float]]:
    """Open a page in a new browser: seconds until it answers, and milliseconds of each action."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = open_browser(profile)
        try:
            browser.get(page.resolve().as_uri())
            ready = browser.execute_script(READY)
            actions = {name: statistics.median(act(browser, action)) for name, action in ACTIONS.items()}
            return ready, actions
        finally:
            browser.quit()


def act(browser: Any, action: str) -> list[float]:
    """Milliseconds of an action, each time."""
    measured: list[float] = browser.execute_script(MEASURE.replace("ACTION", action), TIMES)
    return measured


def main() -> None:
    """Measure one page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("page", type=Path)
    page = parser.parse_args().page
    visits = [visit(page) for _ in range(VISITS)]
    value = {
        "bytes": page.stat().st_size,
        "ready_seconds": round(statistics.median(ready for ready, _ in visits), 3),
        "slowest_ready_seconds": round(max(ready for ready, _ in visits), 3),
        "milliseconds": {name: round(statistics.median(actions[name] for _, actions in visits), 1) for name in ACTIONS},
    }
    print(json.dumps(value, indent=2))


if __name__ == "__main__":
    main()
