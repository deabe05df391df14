"""`sentiment explain`: what each word of a text did, how the prediction grew, and what happened in the cells."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sentiment_cli.cli._completion import RUN
from sentiment_cli.cli._options import output_options, picture_look, picture_options
from sentiment_cli.cli._output import Output, excerpt, pairs, printable, table
from sentiment_cli.cli._progress import make_progress
from sentiment_cli.cli._run_argument import chosen_run
from sentiment_cli.errors import DataError, UsageError

if TYPE_CHECKING:
    from sentiment_cli.explanation.reading import Reading
    from sentiment_cli.explanation.result import Explanation
    from sentiment_cli.runs import Run
    from sentiment_cli.workflows.explain import ExplainResult

_TOP = 10
# Up to so many words the prediction after each is a row of its own; more become a line of blocks.
_ROWS = 30
_BLOCKS = "▁▂▃▄▅▆▇█"
_COLUMNS = 60
_BAR = 12
# Longer ones are no words, and would fill the screen.
_WORD = 40


@click.command()
@click.argument("text", required=False)
@click.option("--run", "run", type=RUN, help="Run directory or a name under ./runs; default: the newest finished.")
@click.option("--file", "file", metavar="FILE|-", help="Explain the whole of a file; - reads stdin.")
@click.option("--review", metavar="PATH", help="A review of the run's own data, by its path there.")
@click.option("--tokens", is_flag=True, help="Show what the network sees of the text; nothing is predicted.")
@click.option("--class", "explained", metavar="NAME", help="Class that is explained; default: the predicted one.")
@click.option(
    "--top", type=click.IntRange(min=1), default=_TOP, show_default=True, metavar="N", help="Strongest words."
)
@click.option(
    "-o", "--output", "target", type=click.Path(path_type=Path, dir_okay=False), help="Picture: .png, .svg, .pdf."
)
@click.option("--layer", type=int, default=1, show_default=True, metavar="N", help="Recurrent layer to look into.")
@click.option(
    "--direction",
    type=click.Choice(["forward", "backward"]),
    default="forward",
    show_default=True,
    help="Of that layer.",
)
@click.option("--cell", is_flag=True, help="With --json: gates and states of that layer as well.")
@picture_options
@output_options
def explain(
    text: str | None,
    run: str | None,
    file: str | None,
    review: str | None,
    tokens: bool,
    top: int,
    **request: Any,
) -> None:
    """Show what each word of TEXT added to its prediction, and how that grew from word to word.

    The scores are integrated gradients: they add up to the difference of log-odds between the text and one of unknown
    words. With -o also a picture, with the gates and states of a recurrent layer over the words.

    \b
    Examples:
      sentiment explain "Not once did we regret our choice."
      sentiment explain --review test/neg/123_4.txt -o why.png
      sentiment explain --tokens "Don't<br />GO!"
    """  # noqa: D301 - click looks for this control character
    output = Output.current()
    if sum(one is not None for one in (text, file, review)) != 1:
        raise UsageError("Expected one text: as TEXT, from --file FILE, or with --review PATH of the run's own data.")
    if tokens and (unfit := [name for name, value in _of_predictions(request) if value]):
        raise UsageError(f"--tokens predicts nothing; it does not go with {', '.join(unfit)}.")
    found = chosen_run(run, output)
    content, split = _content(found, text, file, review)
    if tokens:
        _show_tokens(found, content, output)
        return
    from sentiment_cli.workflows.explain import Request
    from sentiment_cli.workflows.explain import explain as explain_workflow

    asked = Request(
        explained=request["explained"],
        layer=request["layer"],
        direction=request["direction"],
        with_cell=request["cell"],
        picture=request["target"],
        look=picture_look(request["target"]),
        split=split,
    )
    with make_progress(output) as progress:
        result = explain_workflow(found, content, asked, progress=progress)
    if output.as_json:
        output.result(result.to_dict(), str)
    else:
        click.echo(_page(result, top), color=True)
    if result.picture is not None:
        output.note(f"Picture: {result.picture}")


def _of_predictions(request: dict[str, Any]) -> list[tuple[str, object]]:
    """Options that mean nothing where nothing is predicted, and whether they were given."""
    return [("-o", request["target"]), ("--class", request["explained"]), ("--cell", request["cell"])]


def _content(run: Run, text: str | None, file: str | None, review: str | None) -> tuple[str, str | None]:
    """The text, and the part of the run's own data that it is of."""
    if review is not None:
        from sentiment_cli.workflows.explain import read_own_review

        return read_own_review(run, review)
    return (text if file is None else _read_file(file)) or "", None


def _read_file(name: str) -> str:
    from sentiment_cli.data.contents import decode_review

    shown = "<stdin>" if name == "-" else name
    try:
        content = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return decode_review(content, "error") or ""
    except OSError as error:
        raise DataError(f"{shown} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{shown}: expected UTF-8, received byte 0x{error.object[error.start]:02x}.") from None


def _page(result: ExplainResult, top: int) -> str:
    from sentiment_cli.cli._words import coloured, in_terminal

    found = result.explanation
    reading = found.reading
    unknown = [token.place for token in reading.read if token.is_unknown and token.place]
    words = coloured(reading.text.rstrip(), found.colors, underlined=unknown, left_out=_notes(reading))
    parts = [_head(result), "", words, "", _legend(found), "", _strongest(found, top), "", _growth(found)]
    return in_terminal(*parts)


def _head(result: ExplainResult) -> str:
    from sentiment_cli.explanation.growth import to_probability
    from sentiment_cli.explanation.result import BASELINE_TEXT

    found, reading = result.explanation, result.explanation.reading
    predicted, explained = printable(found.predicted), printable(found.explained)
    baseline = float(to_probability(found.baseline))  # type: ignore[arg-type]
    added = found.log_odds - found.baseline
    rows = [("predicted", f"{predicted}, probability {found.probabilities[found.predicted]:.4f}")]
    if found.explained != found.predicted:
        rows.append(("explained", f"{explained}, probability {found.probabilities[found.explained]:.4f}"))
    rows += [
        ("log-odds", f"{found.log_odds:+.3f} of {explained}"),
        ("baseline", f"{found.baseline:+.3f}, probability {baseline:.4f} ({BASELINE_TEXT[found.baseline_kind]})"),
        ("sum rule", f"the words add {added:+.3f}, their scores miss {abs(found.residual):.5f} of it"),
        ("words", _counts(reading)),
    ]
    return pairs(rows)


def _counts(reading: Reading) -> str:
    unknown = [token for token in reading.read if token.is_unknown]
    parts = [f"{len(reading.ids):,} read"]
    if unknown:
        names = list(dict.fromkeys(excerpt(token.text, _WORD) for token in unknown if token.text))
        shown = ", ".join(names[:8]) + (f" and {len(names) - 8:,} more" if len(names) > 8 else "")
        parts.append(f"{len(unknown):,} of them unknown" + (f" ({shown})" if shown else ""))
    if reading.cut:
        parts.append(f"{reading.cut:,} cut off")
    return ", ".join(parts)


def _notes(reading: Reading) -> list[tuple[int, int, str]]:
    return [(a, b, f"{count:,} {'word' if count == 1 else 'words'} not read") for a, b, count in reading.gaps()]


def _legend(found: Explanation) -> Any:
    from rich.text import Text

    from sentiment_cli.cli._words import word_style

    first, second = (printable(side) for side in found.sides)
    return Text.assemble(
        (f" {first} ", word_style(1, 1)), "  ", (f" {second} ", word_style(-1, 1)), "  ", ("unknown", "underline")
    )


def _strongest(found: Explanation, top: int) -> str:
    from sentiment_cli.analysis.attributions import score_text

    sign = f"towards {printable(found.explained)}"
    rows = [
        [score_text(score, 3), (excerpt(word, _WORD) or "(none)") + (f" ×{times}" if times > 1 else "")]
        for word, times, score in found.strongest(top)
    ]
    return f"Strongest words (+: {sign})\n\n" + table(["score", "word"], rows, right=["score"])


def _growth(found: Explanation) -> str:
    from sentiment_cli.analysis.attributions import score_text

    growth, reading = found.growth, found.reading
    title = f"Probability of {printable(found.explained)} as the words are read"
    if len(growth.lengths) <= _ROWS:
        rows = [
            [str(n), excerpt(token.text, _WORD) or "(none)", score_text(score, 3), f"{p:.3f}", "█" * round(_BAR * p)]
            for n, token, score, p in zip(
                growth.lengths, reading.read, found.scores, growth.probabilities.tolist(), strict=True
            )
        ]
        return f"{title}\n\n" + table(["#", "word", "score", "after it", ""], rows, right=["#", "score", "after it"])
    columns = [growth.probabilities[len(growth.lengths) * i // _COLUMNS] for i in range(_COLUMNS)]
    line = "".join(_BLOCKS[min(int(p * len(_BLOCKS)), len(_BLOCKS) - 1)] for p in columns)
    last = f"{growth.probabilities[-1]:.3f}"
    note = f"\n{len(growth.lengths)} of the {growth.lengths[-1]:,} beginnings were read" if growth.is_sampled else ""
    return f"{title}\n{growth.probabilities[0]:.3f} {line} {last}{note}"


def _show_tokens(run: Run, text: str, output: Output) -> None:
    from sentiment_cli.workflows.explain import read_tokens

    reading = read_tokens(run, text)
    if output.as_json:
        output.result(_tokens_as_json(run, reading), str)
    else:
        click.echo(_tokens_page(reading), color=True)


def _tokens_as_json(run: Run, reading: Reading) -> dict[str, Any]:
    tokens = [
        {
            "token": token.text,
            "id": token.id,
            "start": token.place[0] if token.place else None,
            "end": token.place[1] if token.place else None,
            "unknown": token.is_unknown,
            "read": token.is_read,
        }
        for token in reading.tokens
    ]
    return {
        "run": str(run.path),
        "text": reading.text,
        "standardized": reading.standardized,
        "tokens": tokens,
        "ids": reading.ids.tolist(),
        "cut": reading.cut,
    }


def _tokens_page(reading: Reading) -> str:
    from rich.text import Text

    from sentiment_cli.cli._words import coloured, in_terminal

    unknown = [token.place for token in reading.read if token.is_unknown and token.place]
    rows = [
        [
            str(number),
            "–" if not token.is_read else str(token.id),
            excerpt(token.text, _WORD),
            "cut off" if not token.is_read else "unknown" if token.is_unknown else "",
            "" if token.place is None else excerpt(reading.text[token.place[0] : token.place[1]], _WORD),
        ]
        for number, token in enumerate(reading.tokens, start=1)
    ]
    head = Text("text          ") + coloured(reading.text, [], underlined=unknown, left_out=_notes(reading))
    numbers = ["#", "id"]
    grid = table([*numbers, "token", "", "from"], rows, right=numbers)
    lines = [f"standardized  {printable(reading.standardized)}", f"words         {_counts(reading)}", ""]
    return in_terminal(head, *lines, grid if rows else "No token is left: it is read as one unknown word.")
