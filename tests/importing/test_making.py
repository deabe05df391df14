"""Do tables become the directories of reviews that were meant, whole or not at all, however often it is broken off?"""

from __future__ import annotations

import csv
import io
import json
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from conftest import Told
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment_cli.errors import DataError
from sentiment_cli.importing import writing
from sentiment_cli.importing.columns import ColumnNames
from sentiment_cli.importing.making import make_directory
from sentiment_cli.importing.result import ImportResult, read_result
from sentiment_cli.importing.settings import ImportSettings, open_inputs
from sentiment_cli.importing.writing import Workplace

ROWS = [("lovely room", "good"), ("cold room", "bad"), ("kind hosts", "good"), ("rude hosts", "bad")]


def write_table(path: Path, rows: Sequence[Sequence[Any]], header: Sequence[str] = ("text", "label")) -> Path:
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows([header, *rows])
    path.write_text(buffer.getvalue(), encoding="utf-8", newline="")
    return path


def make(
    tables: Path | list[Path], settings: ImportSettings | None = None, *, test: Path | None = None, force: bool = False
) -> ImportResult:
    """Into ``out`` in the working directory."""
    paths = tables if isinstance(tables, list) else [tables]
    settings = settings or ImportSettings()
    return make_directory(open_inputs(paths, test, settings), settings, Workplace(Path("out")), Told(), force=force)


def contents(directory: Path | str = "out") -> dict[str, str]:
    """The texts by their paths."""
    root = Path(directory)
    files = sorted(path for path in root.rglob("*") if path.is_file() and path.name != "import.json")
    return {path.relative_to(root).as_posix(): path.read_bytes().decode("utf-8") for path in files}


def left_out(result: ImportResult) -> dict[str, list[str]]:
    return {kind: finding.first for kind, finding in result.findings.left_out.items()}


def noted(result: ImportResult) -> dict[str, list[str]]:
    return {kind: finding.first for kind, finding in result.findings.noted.items()}


def test_each_row_is_a_file_in_the_directory_of_its_class(workplace: Path) -> None:
    result = make(write_table(workplace / "t.csv", ROWS))
    assert contents() == {
        "bad/0000002.txt": "cold room",
        "bad/0000004.txt": "rude hosts",
        "good/0000001.txt": "lovely room",
        "good/0000003.txt": "kind hosts",
    }
    assert (result.rows, result.written, result.reviews) == (4, 4, {"": {"good": 2, "bad": 2}})
    assert sorted(path.name for path in workplace.iterdir()) == ["out", "t.csv"]


def test_what_it_came_to_is_kept_beside_the_reviews(workplace: Path) -> None:
    rows = [*ROWS, ("", "bad"), ("lovely room", "bad")]
    result = make(write_table(workplace / "t.csv", rows), ImportSettings(label_map={"good": "up", "bad": "down"}))
    kept = json.loads((workplace / "out" / "import.json").read_text(encoding="utf-8"))
    assert kept == json.loads(json.dumps(result.to_dict()))
    assert kept["left_out"] == {"no text": {"count": 1, "first": ["t.csv:6"]}}
    again = read_result(Path("out"))
    assert again is not None
    assert again.to_dict() | {"seconds": 0} == result.to_dict() | {"seconds": 0}


def test_what_is_no_review_is_left_out_and_said_where(workplace: Path) -> None:
    rows = [*ROWS, (" \n ", "good"), ("no class", ""), ("NA", "NA"), ("so so", "neutral"), ("warm", " Good ")]
    result = make(write_table(workplace / "t.csv", rows), ImportSettings(classes=("bad", "good")))
    assert left_out(result) == {
        "no text": ["t.csv:6"],
        "no class": ["t.csv:8", "t.csv:9"],
        "none of the wanted classes": ["t.csv:10"],
    }
    assert result.findings.other_values == {"neutral": 1}
    assert (result.rows, result.written) == (9, 5)
    assert contents()["good/0000009.txt"] == "warm"


def test_rows_that_cannot_be_read_are_counted_too(workplace: Path) -> None:
    result = make(write_table(workplace / "t.csv", [*ROWS, ("a", "bad", "c")]))
    assert (result.rows, result.written) == (5, 4)
    assert list(left_out(result).values()) == [["t.csv:6"]]


def test_copies_are_told_and_stay(workplace: Path) -> None:
    rows = [*ROWS, (" lovely room\n", "good"), ("cold room", "good")]
    result = make(write_table(workplace / "t.csv", rows))
    assert noted(result) == {
        "text of an earlier row": ["t.csv:6 = t.csv:2"],
        "text of an earlier row of another class": ["t.csv:8 = t.csv:3"],
    }
    assert result.written == 6
    assert contents()["good/0000005.txt"] == " lovely room\n"


def test_copies_are_left_out_on_request(workplace: Path) -> None:
    test = write_table(workplace / "test.csv", [("kind hosts", "good"), ("cold bath", "bad")])
    rows = [*ROWS, ("lovely room", "good"), ("cold room", "good")]
    result = make(write_table(workplace / "t.csv", rows), ImportSettings(drop_duplicates=True), test=test)
    assert left_out(result) == {
        "text that is in the test part": ["t.csv:4 = test.csv:2"],
        "text of an earlier row": ["t.csv:6 = t.csv:2"],
        "text of an earlier row of another class": ["t.csv:7 = t.csv:3"],
    }
    assert result.reviews == {"test": {"good": 1, "bad": 1}, "train": {"good": 1, "bad": 2}}


def test_several_tables_are_one_after_the_other_and_the_test_table_is_the_test_part(workplace: Path) -> None:
    tables = [write_table(workplace / f"{name}.csv", ROWS[at : at + 2]) for name, at in (("a", 0), ("b", 2))]
    test = write_table(workplace / "c.csv", [("bad", "noisy bar"), ("good", "quiet")], header=("label", "text"))
    make(tables, test=test)
    assert contents() == {
        "test/bad/0000001.txt": "noisy bar",
        "test/good/0000002.txt": "quiet",
        "train/bad/0000002.txt": "cold room",
        "train/bad/0000004.txt": "rude hosts",
        "train/good/0000001.txt": "lovely room",
        "train/good/0000003.txt": "kind hosts",
    }


def test_tables_of_one_name_are_told_apart(workplace: Path) -> None:
    for name in ("a", "b"):
        (workplace / name).mkdir()
        write_table(workplace / name / "t.csv", [*ROWS, ("", "good")])
    result = make([Path("a/t.csv"), Path("b/t.csv")])
    assert left_out(result) == {"no text": ["a/t.csv:6", "b/t.csv:6"]}


def test_ids_and_ratings_are_in_the_names(workplace: Path) -> None:
    rows = [
        ("a", 9, 17, "x"),
        ("b", "2.0", "z/1", "y"),
        ("a", "none", "", "z"),
        ("b", 2, "17.0", "w"),
        ("b", 1, 17, "v"),
        ("a", "", "17_9", "u"),
    ]
    table = write_table(workplace / "t.csv", rows, header=("label", "stars", "key", "text"))
    result = make(table, ImportSettings(columns=ColumnNames(id="key", rating="stars")))
    assert contents() == {
        "a/17_9.txt": "x",
        "a/17_9~6.txt": "u",
        "a/~3.txt": "z",
        "b/17_2.txt": "w",
        "b/17~5__1.txt": "v",
        "b/z%2F1__2.txt": "y",
    }
    assert noted(result) == {
        "no id, named by the row": ["t.csv:4"],
        "no rating from 1 to 10": ["t.csv:4", "t.csv:7"],
        "id of an earlier row": ["t.csv:6"],
    }


def test_a_byte_order_mark_is_no_part_of_a_text_and_what_the_reader_mends_is_told(workplace: Path) -> None:
    lines = [
        {"text": "\ufefflovely room", "label": "good"},
        {"text": "cold\0 room", "label": "bad"},
        {"text": "\ufeff ", "label": "bad"},
        {"text": "lovely room", "label": "good"},
    ]
    path = workplace / "t.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    result = make(path, ImportSettings(drop_duplicates=True))
    assert contents() == {"bad/0000002.txt": "cold room", "good/0000001.txt": "lovely room"}
    assert noted(result) == {"mended: NUL characters, taken away": ["t.jsonl:2"]}
    assert left_out(result) == {"no text": ["t.jsonl:3"], "text of an earlier row": ["t.jsonl:4 = t.jsonl:1"]}


@pytest.mark.parametrize(
    ("rows", "settings", "what"),
    [
        ([("a", "good"), ("b", "good")], ImportSettings(), "t.csv: only the class good; expected at least two."),
        ([("", "good"), ("b", "")], ImportSettings(), "none of 2 rows is a review: 1 no text; 1 no class"),
        (ROWS, ImportSettings(label_map={"1": "a", "2": "b"}), r"good \(2\), bad \(2\)"),
        (ROWS, ImportSettings(test_fraction=1e-9), "the test part has no review of bad, good;.* Try a larger --test-f"),
        (ROWS, ImportSettings(test_fraction=1 - 1e-9), "the train part has no review of bad, good; every class"),
        (ROWS, ImportSettings(columns=ColumnNames(text="words")), 'there is no column "words"'),
    ],
)
def test_what_cannot_be_trained_on_is_refused_and_leaves_nothing(
    workplace: Path, rows: Sequence[Sequence[str]], settings: ImportSettings, what: str
) -> None:
    table = write_table(workplace / "t.csv", rows)
    with pytest.raises(DataError, match=what):
        make(table, settings)
    assert [path.name for path in workplace.iterdir()] == ["t.csv"]


def test_a_part_without_a_class_is_refused(workplace: Path) -> None:
    test = write_table(workplace / "test.csv", [("quiet", "good")])
    with pytest.raises(DataError, match="the test part has no review of bad; every class needs reviews in both parts"):
        make(write_table(workplace / "t.csv", ROWS), test=test)
    assert not (workplace / "out").exists()


def test_a_table_that_is_given_twice_is_refused(workplace: Path) -> None:
    table = write_table(workplace / "t.csv", ROWS)
    with pytest.raises(DataError, match="is given twice"):
        make([table, Path("./t.csv")])


def test_the_test_fraction_is_met_and_copies_stay_together(workplace: Path) -> None:
    rows = [(f"review {number % 1500}", ("bad", "good")[number % 2]) for number in range(3000)]
    result = make(write_table(workplace / "t.csv", rows), ImportSettings(test_fraction=0.25, seed=3))
    tests = sum(result.reviews["test"].values())
    assert 0.21 * 3000 < tests < 0.29 * 3000  # three standard deviations of 1,500 pairs
    parts: dict[str, set[str]] = {}
    for path, text in contents().items():
        parts.setdefault(text, set()).add(path.partition("/")[0])
    assert {len(where) for where in parts.values()} == {1}


def test_the_division_follows_from_text_and_seed_alone(workplace: Path) -> None:
    rows = [(f"review {number}", ("bad", "good")[number % 2]) for number in range(200)]

    def in_the_test_part(rows: Sequence[Sequence[str]], seed: int) -> set[str]:
        make(write_table(workplace / "t.csv", rows), ImportSettings(test_fraction=0.5, seed=seed), force=True)
        return {text for path, text in contents().items() if path.startswith("test/")}

    assert in_the_test_part(rows, 1) == in_the_test_part(rows[::-1], 1) != in_the_test_part(rows, 2)


class Killed(Exception):
    """In the place of a signal."""


def kill_after(monkeypatch: pytest.MonkeyPatch, reviews: int) -> None:
    """Let the reader end after so many reviews; what was written last is cut off, as a kill may leave it."""
    from sentiment_cli.importing.reading import ReviewReader

    whole = ReviewReader.reviews

    def cut(reader: ReviewReader) -> Iterator[tuple[str, bytes]]:
        for number, (path, content) in enumerate(whole(reader)):
            if number == reviews:
                raise Killed
            yield path, content

    monkeypatch.setattr(ReviewReader, "reviews", cut)


@pytest.mark.parametrize("reviews", [0, 1, 7, 20])
def test_broken_off_anywhere_it_goes_on_to_the_same_result(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, reviews: int
) -> None:
    rows = [(f"review {number % 17}", ("bad", "good")[number % 2], number // 2) for number in range(20)]
    table = write_table(workplace / "t.csv", rows, header=("text", "label", "id"))
    settings = ImportSettings(columns=ColumnNames(id="id"), drop_duplicates=True)
    expected = make(table, settings)
    unbroken = contents()
    Path("out").rename("unbroken")

    with monkeypatch.context() as patch:
        kill_after(patch, reviews)
        if reviews < expected.written:
            with pytest.raises(Killed):
                make(table, settings)
            assert not Path("out").exists()
    for path in sorted(Path(".out-importing/reviews").rglob("*.txt"))[:1]:
        path.write_bytes(path.read_bytes()[:-1])
    result = make(table, settings)
    assert contents() == unbroken
    assert result.there_before == max(0, min(reviews, expected.written) - 1) * (reviews < expected.written)
    assert result.to_dict() | {"seconds": 0, "there_before": 0} == expected.to_dict() | {"seconds": 0}
    assert sorted(path.name for path in workplace.iterdir()) == ["out", "t.csv", "unbroken"]


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such limits")
def test_a_review_that_the_disk_takes_a_part_of_is_no_review(workplace: Path) -> None:
    import resource

    place = Workplace(Path("out"))
    place.begin({}, force=False)
    before, ignored = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            place.write([("good/1.txt", b"x" * 1001)], goes_on=False)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


def test_going_on_with_other_options_or_another_table_is_refused(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = write_table(workplace / "t.csv", ROWS)
    with monkeypatch.context() as patch:
        kill_after(patch, 2)
        with pytest.raises(Killed):
            make(table)
    with pytest.raises(DataError, match=r"of other files or options \(drop_duplicates\)"):
        make(table, ImportSettings(drop_duplicates=True))
    write_table(table, ROWS[::-1])
    with pytest.raises(DataError, match=r"of other files or options \(tables\)"):
        make(table)
    assert make(table, force=True).there_before == 0
    assert contents()["bad/0000001.txt"] == "rude hosts"


def test_a_damaged_journal_is_refused(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = write_table(workplace / "t.csv", ROWS)
    with monkeypatch.context() as patch:
        kill_after(patch, 2)
        with pytest.raises(Killed):
            make(table)
    (workplace / ".out-importing" / "journal.json").write_text("{", encoding="utf-8")
    with pytest.raises(DataError, match="--force to begin anew"):
        make(table)
    assert make(table, force=True).written == 4


def test_a_table_that_changes_meanwhile_is_refused(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table, whole = write_table(workplace / "t.csv", ROWS), Workplace.write

    def write(place: Workplace, *arguments: Any, **options: Any) -> int:
        there = whole(place, *arguments, **options)
        write_table(table, ROWS[::-1])
        return there

    monkeypatch.setattr(writing.Workplace, "write", write)
    with pytest.raises(DataError, match="changed while it was read"):
        make(table)
    assert [path.name for path in workplace.iterdir()] == ["t.csv"]


TEXTS = st.text(st.characters(exclude_characters="\r\0\ufeff", exclude_categories=["Cs"]), min_size=1, max_size=20)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(TEXTS.filter(str.strip), st.sampled_from(["bad", "good", " Bad", "5", "5.0"])), min_size=1))
def test_any_text_is_written_as_it_is(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]) -> None:
    place = tmp_path_factory.mktemp("any")
    rows = [("first", "bad"), ("second", "good"), *rows]
    lines = [json.dumps({"text": text, "label": label}) for text, label in rows]
    (place / "t.jsonl").write_text("\n".join(lines), encoding="utf-8")
    inputs = open_inputs([place / "t.jsonl"], None, ImportSettings())
    result = make_directory(inputs, ImportSettings(), Workplace(place / "out"), Told())
    assert result.written == len(rows)
    classes = {"bad": "bad", "good": "good", " Bad": "bad", "5": "5", "5.0": "5"}
    expected = {f"{classes[label]}/{number:07}.txt": text for number, (text, label) in enumerate(rows, start=1)}
    assert contents(place / "out") == expected


def test_it_is_told_how_far_it_is_and_how_many_rows_there_may_be(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Bar(Told):
        def __init__(self) -> None:
            super().__init__()
            self.steps: list[tuple[str, int | None] | int] = []

        def phase(self, name: str, total: int | None = None) -> None:
            self.steps.append((name, total))

        def advance(self, reviews: int, loss: float | None = None, accuracy: float | None = None) -> None:
            self.steps.append(reviews)

    monkeypatch.setattr("sentiment_cli.importing.reading._STEP", 10)
    monkeypatch.setattr("sentiment_cli.importing.making._GUESS_AFTER", 20)
    table, bar = write_table(workplace / "t.csv", ROWS * 10), Bar()
    inputs = open_inputs([table], None, ImportSettings())
    make_directory(inputs, ImportSettings(), Workplace(Path("out")), bar)
    begins, first, guessed, *others, end = bar.steps
    assert (begins, first, end) == (("importing t.csv", None), 10, ("writing to the disk", None))
    # What is read of a small file at once is all of it.
    assert isinstance(guessed, tuple)
    assert guessed[1] is not None
    assert 20 <= guessed[1] <= 40
    assert others == [20, 10, 10]
