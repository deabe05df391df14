"""A report as one HTML file: template, style and scripts are in it, its data too, and nothing is loaded.

Review texts are hostile. They go into the page as JSON in a block that no browser runs, with all that could end the
block escaped, and from there into the document as text nodes. Should that ever fail, the page's own policy lets a
browser run and apply only what has the right checksum, and load nothing from anywhere.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

_FILES = Path(__file__).parent / "assets"
# In this order they are one module, which is strict; outside of functions only the last does something.
SCRIPTS = (
    "dom.js",
    "charts.js",
    "figures.js",
    "threshold.js",
    "texts.js",
    "rows.js",
    "selection.js",
    "reviews.js",
    "page.js",
)
# What could end the block or begin a tag or a reference in it, ends lines in older scripts, or is half a character.
_UNSAFE_IN_JSON = re.compile("[<>&\u2028\u2029\ud800-\udfff]")
# A parser of HTML drops or replaces these.
_NO_CHARACTER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def render_page(report: Mapping[str, Any]) -> str:
    """The page of a report.

    Args:
        report: from `data.build_report`.

    Returns:
        An HTML document; the same report gives the same bytes.
    """
    style = _read("page.css")
    script = "\n".join(_read(name) for name in SCRIPTS)
    template = _environment().get_template("page.html")
    return template.render(
        report=report,
        data=Markup(embedded_json(report)),
        style=Markup(style),
        script=Markup(script),
        policy=content_policy(style, script),
    )


def content_policy(style: str, script: str) -> str:
    """The content security policy of a page: nothing is loaded, and of styles and scripts only these two are used."""
    rules = {
        "default-src": "'none'",
        "script-src": f"'sha256-{_checksum(script)}'",
        "style-src": f"'sha256-{_checksum(style)}'",
        "img-src": "data:",  # the empty icon, so that no browser asks for one
        "base-uri": "'none'",
        "form-action": "'none'",
        "require-trusted-types-for": "'script'",  # text that is parsed as HTML is an error in the scripts
        "trusted-types": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def embedded_json(value: Any) -> str:
    """JSON that can stand in an HTML document between ``<script>`` and ``</script>``."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return _UNSAFE_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FILES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_displayable,
    )
    environment.filters.update(
        count=lambda number: f"{number:,}",
        percent=_percent,
        decimal=_decimal,
        shade=_shade,
        duration=_duration,
    )
    return environment


def _displayable(value: Any) -> Any:
    return _NO_CHARACTER.sub("\ufffd", value) if type(value) is str else value


def _percent(share: float | None, digits: int = 1) -> str:
    return "–" if share is None else f"{100 * share:.{digits}f}\u00a0%"


def _decimal(number: float | None, digits: int = 4) -> str:
    return "–" if number is None else f"{number:.{digits}f}"


def _shade(number: int, row: Sequence[int]) -> int:
    """A tenth of a row's total as a step of colour, 0 to 10."""
    return round(10 * number / max(sum(row), 1))


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    if seconds < 100:
        return f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02d} min"


def _read(name: str) -> str:
    return (_FILES / name).read_text(encoding="utf-8")


def _checksum(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
