"""A real Chromium for the tests of pages, without a window and without a network."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

# Nothing of its own may fetch anything, ask anything, or be left over from another test.
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--window-size=1280,1000",
)
# Tenths of a second, on a busy machine.
_PATIENCE = 200


@contextmanager
def open_browser(profile: Path) -> Iterator[Any]:
    """A browser of its own, driven by Selenium; the test is skipped where there is none."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="needs selenium: pip install -e '.[dev]'")
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("needs a browser: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        yield browser
    finally:
        browser.quit()


def visit(browser: Any, page: Path) -> None:
    """Open a page and wait for its script to be done."""
    browser.get_log("browser")
    browser.get_log("performance")
    browser.get(page.resolve().as_uri())
    ready = "return document.documentElement.dataset.ready === 'true'"
    for _ in range(_PATIENCE):
        if browser.execute_script(ready):
            return
        time.sleep(0.1)
    raise AssertionError(f"{page} is not ready: {browser.get_log('browser')}")


def complaints(browser: Any) -> list[str]:
    """What the page wrote to the console since it was opened, errors of its policy among it."""
    return [entry["message"] for entry in browser.get_log("browser")]


def requests(browser: Any) -> list[str]:
    """All that was asked for since the page was opened, the page itself among it.

    What the browser's own first tab asks for, which is still loading on a busy machine, is not.
    """
    events = (json.loads(entry["message"])["message"] for entry in browser.get_log("performance"))
    sent = (event["params"] for event in events if event["method"] == "Network.requestWillBeSent")
    return [request["request"]["url"] for request in sent if not request["documentURL"].startswith("chrome")]
