"""Results as pages for a browser: one file, no network, no script; what comes from outside is escaped.

Should that ever fail, the page's own policy lets a browser run nothing and load nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from string import Template

import numpy as np

from sentiment_cli.analysis.attributions import Span, Spans, score_text, towards_second
from sentiment_cli.misclassified import Misclassified

# Steps of colour, from the weakest that is shown to the strongest; what is weaker than half a step is plain.
_STEPS = 6
_STRONGEST = 6
_TINY = 1e-30
_OUTCOMES = {"broken": "Broken", "fixed": "Fixed", "both-wrong": "Both wrong"}
_FRAME = Template("""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
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
$steps
  @media print { body { max-width: none; margin: 0; font-size: 11pt; }
    article { content-visibility: visible; break-inside: avoid; } }
</style>
</head>
<body>
$body
</body>
</html>
""")


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
    steps = (f"  .s{step} {{ --k: {0.6 * step / _STEPS:.2f}; }}" for step in range(1, _STEPS + 1))
    body = [
        f"<h1>{_shown(page.title)}</h1>",
        *(f"<p>{_shown(note)}</p>" for note in page.notes),
        *([_legend(page.class_names)] if any(row.spans for row in rows) else []),
        *([] if rows else ["<p>No wrong predictions.</p>"]),
    ]
    outcome = None
    for row in rows:
        if row.change and row.change.outcome != outcome:
            outcome = row.change.outcome
            body.append(f"<h2>{_OUTCOMES[outcome]}</h2>")
        body.append(_article(row, page))
    return _FRAME.substitute(title=_shown(page.title), steps="\n".join(steps), body="\n".join(body))


def _article(row: Misclassified, page: Page) -> str:
    facts = "".join(f"<li>{_shown(fact)}</li>" for fact in row.facts)
    reasons = "".join(f'<li class="why"><bdi>{_shown(reason)}</bdi></li>' for reason in row.reasons)
    header = "\n    ".join([*_head(row, page), f"<code><bdi>{_shown(row.prediction.path)}</bdi></code>"])
    return f"""\
<article>
  <header>
    {header}
  </header>
  <ul class="facts">{facts}{reasons}</ul>
  <p dir="auto">{_review(row, page)}</p>{_words(row)}
</article>"""


def _head(row: Misclassified, page: Page) -> list[str]:
    """What was said of a review, in pieces of a line."""
    said = row.prediction
    if row.suspect:
        return [
            f"<span>labelled {_strong(said.actual)}</span>",
            f"<span>suggested {_strong(row.suspect.suggested)}</span>",
            f"<span>margin {row.suspect.margin:+.3f}</span>",
        ]
    head = [
        f"<span>predicted {_strong(said.predicted)} ({said.probability:.3f})</span>",
        f"<span>actually {_strong(said.actual)}</span>",
        f"<span>loss {said.loss:.3f}</span>",
    ]
    if row.change and page.names:
        other = row.change.pair.second
        head.append(
            f"<span><bdi>{_shown(page.names[1])}</bdi>: {_strong(other.predicted)} ({other.probability:.3f})</span>"
        )
    return head


def _review(row: Misclassified, page: Page) -> str:
    if row.text is None:
        return "<em>The file is gone.</em>"
    return mark_words(row.text, towards_second(row.spans, row.prediction.predicted, page.class_names))


def _words(row: Misclassified) -> str:
    """A line with the strongest words; empty where it is not known what they did."""
    words = ", ".join(f"<bdi>{_shown(word)}</bdi> {score_text(score)}" for word, score in row.words(_STRONGEST) or ())
    if not words:
        return ""
    return f'\n  <p class="words">for <bdi>{_shown(row.prediction.predicted)}</bdi>: {words}</p>'


def mark_words(text: str, spans: Sequence[Span]) -> str:
    """A text as HTML: escaped, its words in ``<mark class="a s6">``.

    The classes are ``a`` for scores above 0 and ``z`` for others, and ``s1`` to ``s6`` by strength.

    Args:
        text: any text.
        spans: of its words, with the signs of `analysis.attributions.towards_second`.
    """
    found = Spans.of(spans)
    strengths = np.abs(found.scores)
    steps = np.rint(_STEPS * strengths / max(strengths.max(initial=0.0), _TINY)).astype(int)
    marked = np.flatnonzero(steps)  # one of four
    shown = str if _shown(text) == text else _shown
    pieces, done = [], 0
    for (start, end, score), step in zip(found[marked].rows, steps[marked].tolist(), strict=True):
        if done <= start < end <= len(text):
            mark = f'<mark class="{"a" if score > 0 else "z"} s{step}">'
            pieces += [shown(text[done:start]), mark, shown(text[start:end]), "</mark>"]
            done = end
    return "".join([*pieces, shown(text[done:])])


def _shown(text: str) -> str:
    """Whatever comes from outside, as text between tags; 300,000 times, for which `html.escape` takes a third more."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _strong(name: str) -> str:
    return f"<strong><bdi>{_shown(name)}</bdi></strong>"


def _legend(class_names: Sequence[str]) -> str:
    first, how, second = ("the predicted class", "against", "it")
    if len(class_names) == 2:
        first, how, second = class_names[1], "for", class_names[0]
    return (
        f'<p class="legend"><mark class="a s4">word</mark> speaks for <bdi>{_shown(first)}</bdi>, '
        f'<mark class="z s4">word</mark> {how} <bdi>{_shown(second)}</bdi>; the deeper, the more it did.</p>'
    )
