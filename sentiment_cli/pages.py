"""Results as pages for a browser: one file, no network; review texts are escaped by the template."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jinja2

_MISCLASSIFIED = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title>
<style>
  :root { color-scheme: light dark; }
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
  h1 { font-size: 1.4rem; }
  article { border-top: 1px solid #8886; padding: 0.8rem 0; }
  header { display: flex; flex-wrap: wrap; gap: 0.3rem 1.2rem; font-size: 0.9rem; }
  code { opacity: 0.75; overflow-wrap: anywhere; }
  p { margin: 0.4rem 0 0; white-space: pre-wrap; overflow-wrap: anywhere; }
</style>
</head>
<body>
<h1>{{ title }}</h1>
{% if not rows %}<p>No wrong predictions.</p>{% endif %}
{% for row in rows %}
<article>
  <header>
    <span>predicted <strong><bdi>{{ row.predicted }}</bdi></strong> ({{ "%.3f" | format(row.probability) }})</span>
    <span>actually <strong><bdi>{{ row.actual }}</bdi></strong></span>
    <span>loss {{ "%.3f" | format(row.loss) }}</span>
    <code><bdi>{{ row.path }}</bdi></code>
  </header>
  <p dir="auto">{% if row.text is none %}<em>The file is gone.</em>{% else %}{{ row.text }}{% endif %}</p>
</article>
{% endfor %}
</body>
</html>
"""


def misclassified_page(title: str, rows: Sequence[dict[str, Any]]) -> str:
    """A page with one block for each wrong prediction.

    Args:
        title: heading of the page.
        rows: with ``path``, ``text`` (None: gone), ``actual``, ``predicted``, ``probability`` and ``loss``.
    """
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    return environment.from_string(_MISCLASSIFIED).render(title=title, rows=rows)
