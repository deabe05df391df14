"""Results as pages for a browser: one file, no network, no script; what comes from outside is escaped.

Should that ever fail, the page's own policy lets a browser run nothing and load nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape

import jinja2

from sentiment_cli.analysis.attributions import Span, score_text, towards_second
from sentiment_cli.misclassified import Misclassified

# Steps of colour, from the weakest that is shown to the strongest; what is weaker than half a step is plain.
_STEPS = 6
_STRONGEST = 6
_MISCLASSIFIED = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ page.title }}</title>
<style>
  :root { color-scheme: light dark; --blue: 0 114 178; --red: 213 94 0; --rule: #8885; --quiet: #5c5c5c; }
  @media (prefers-color-scheme: dark) { :root { --blue: 86 180 233; --red: 240 130 50; --quiet: #a8a8a8; } }
  body { font: 16px/1.55 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem; }
  h1 { font-size: 1.4rem; line-height: 1.3; margin: 0 0 .4rem; }
  h2 { font-size: 1.1rem; margin: 2rem 0 .6rem; }
  h1 + p, .legend { color: var(--quiet); margin: .2rem 0; }
  article { border-top: 1px solid var(--rule); padding: .9rem 0; content-visibility: auto;
    contain-intrinsic-size: auto 14rem; }
  header { display: flex; flex-wrap: wrap; align-items: baseline; gap: .2rem 1.2rem; font-size: .95rem; }
  header code { margin-left: auto; }
  code, .facts { color: var(--quiet); font-size: .85rem; overflow-wrap: anywhere; }
  .facts { display: flex; flex-wrap: wrap; gap: .3rem .5rem; margin: .35rem 0 0; padding: 0; list-style: none; }
  .facts li + li:not(.why)::before { content: "·"; margin-right: .5rem; }
  .why { border: 1px solid var(--rule); border-radius: 1rem; padding: 0 .6rem; color: CanvasText; }
  article > p { margin: .5rem 0 0; white-space: pre-wrap; overflow-wrap: anywhere; }
  article > p.words { color: var(--quiet); font-size: .85rem; }
  mark { color: inherit; border-radius: .2em; padding: 0 .1em; print-color-adjust: exact;
    -webkit-print-color-adjust: exact; }
  mark.a { background: rgb(var(--blue) / var(--k)); }
  mark.z { background: rgb(var(--red) / var(--k)); text-decoration: underline dotted; }
{% for step in range(1, steps + 1) %}
  .s{{ step }} { --k: {{ "%.2f" | format(0.6 * step / steps) }}; }
{% endfor %}
  @media print { body { max-width: none; margin: 0; font-size: 11pt; }
    article { content-visibility: visible; break-inside: avoid; } }
</style>
</head>
<body>
<h1>{{ page.title }}</h1>
{% for note in page.notes %}<p>{{ note }}</p>
{% endfor %}
{% if legend %}<p class="legend"><mark class="a s4">word</mark> speaks for <bdi>{{ legend[0] }}</bdi>, \
<mark class="z s4">word</mark> {{ legend[1] }} <bdi>{{ legend[2] }}</bdi>; the deeper, the more it did.</p>
{% endif %}
{% if not rows %}<p>No wrong predictions.</p>{% endif %}
{% for row in rows %}
{% set said = row.prediction %}
{% if row.change and (loop.first or rows[loop.index0 - 1].change.outcome != row.change.outcome) %}
<h2>{{ {"broken": "Broken", "fixed": "Fixed", "both-wrong": "Both wrong"}[row.change.outcome] }}</h2>
{% endif %}
<article>
  <header>
    {% if row.suspect %}
    <span>labelled <strong><bdi>{{ said.actual }}</bdi></strong></span>
    <span>suggested <strong><bdi>{{ row.suspect.suggested }}</bdi></strong></span>
    <span>margin {{ "%+.3f" | format(row.suspect.margin) }}</span>
    {% else %}
    <span>predicted <strong><bdi>{{ said.predicted }}</bdi></strong> ({{ "%.3f" | format(said.probability) }})</span>
    <span>actually <strong><bdi>{{ said.actual }}</bdi></strong></span>
    <span>loss {{ "%.3f" | format(said.loss) }}</span>
    {% endif %}
    {% if row.change %}
    {% set other = row.change.pair.second %}
    <span><bdi>{{ page.names[1] }}</bdi>: <strong><bdi>{{ other.predicted }}</bdi></strong> \
({{ "%.3f" | format(other.probability) }})</span>
    {% endif %}
    <code><bdi>{{ said.path }}</bdi></code>
  </header>
  <ul class="facts">
    {% for fact in row.facts %}<li>{{ fact }}</li>{% endfor %}
    {% for reason in row.reasons %}<li class="why"><bdi>{{ reason }}</bdi></li>{% endfor %}
  </ul>
  <p dir="auto">{% if row.text is none %}<em>The file is gone.</em>{% else %}{{ coloured(row) | safe }}{% endif %}</p>
  {% if row.spans %}<p class="words">for <bdi>{{ said.predicted }}</bdi>: \
{% for word, score in row.words(strongest) %}<bdi>{{ word }}</bdi> {{ score_text(score) }}\
{{ ", " if not loop.last }}{% endfor %}</p>{% endif %}
</article>
{% endfor %}
</body>
</html>
"""


@dataclass(frozen=True)
class Page:
    """What stands above a list.

    Args:
        title: heading.
        notes: lines below it.
        class_names: of the run; the second of two is the positive one.
        names: of the two runs, where the list compares them.
    """

    title: str
    notes: Sequence[str] = ()
    class_names: Sequence[str] = ()
    names: tuple[str, str] | None = None


def misclassified_page(page: Page, rows: Sequence[Misclassified]) -> str:
    """A page with one block for each review: what was predicted, why that may be, and the text with its words coloured.

    Colours are never alone: words against have a dotted line as well, and the strongest are listed with their scores.

    Args:
        page: what stands above.
        rows: the reviews, in order.
    """

    def coloured(row: Misclassified) -> str:
        spans = towards_second(row.spans or (), row.prediction.predicted, page.class_names)
        return mark_words(row.text or "", spans)

    return _template().render(
        page=page,
        rows=rows,
        legend=_legend(page.class_names) if any(row.spans for row in rows) else None,
        coloured=coloured,
        score_text=score_text,
        steps=_STEPS,
        strongest=_STRONGEST,
    )


def mark_words(text: str, spans: Sequence[Span]) -> str:
    """A text as HTML: escaped, its words in ``<mark class="a s6">``.

    The classes are ``a`` for scores above 0 and ``z`` for others, and ``s1`` to ``s6`` by strength.

    Args:
        text: any text.
        spans: of its words, with the signs of `analysis.attributions.towards_second`.
    """
    most = max((abs(span.score) for span in spans), default=0.0)
    pieces, done = [], 0
    for start, end, score in spans:
        step = round(_STEPS * abs(score) / most) if most else 0
        if step and done <= start < end <= len(text):
            side = "a" if score > 0 else "z"
            pieces += [
                escape(text[done:start], quote=False),
                f'<mark class="{side} s{step}">{escape(text[start:end], quote=False)}</mark>',
            ]
            done = end
    return "".join([*pieces, escape(text[done:], quote=False)])


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(_MISCLASSIFIED)


def _legend(class_names: Sequence[str]) -> tuple[str, str, str]:
    if len(class_names) == 2:
        return class_names[1], "for", class_names[0]
    return "the predicted class", "against", "it"
