"""Does the table of results grow without loss, refuse what is damaged, and sum up honestly?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sentiment_cli.errors import RunError
from sentiment_cli.results import COLUMNS, Result, append_results, markdown_table, read_results, summarize

FIRST = Result(
    date="2026-03-01T12:00:00.000000+00:00",
    run="first",
    config="lstm",
    split="test",
    reviews=200,
    accuracy=0.725,
    accuracy_low=0.6593,
    accuracy_high=0.7822,
    loss=0.8047,
    seed=1,
    epochs=23,
    best_epoch=13,
    seconds=6.1,
    device="CPU, 2 cores (no GPU: the NVIDIA driver is not loaded)",
    processor="AMD EPYC",
    cores=2,
    command='sentiment train --set "data.classes=[a, b]"',
    version="0.1.0",
    commit=None,
    config_sha256="ab" * 32,
)
SECOND = replace(FIRST, date="2026-03-02T12:00:00+00:00", run="second", seed=2, accuracy=0.74, seconds=5.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "results" / "table.csv"


def test_rows_read_back_as_they_were_appended(path: Path) -> None:
    odd = replace(SECOND, config=None, commit="0" * 40 + "-dirty", run='a,"b"\r\n', accuracy=1 / 3)
    assert append_results(path, [FIRST]) == [FIRST]
    assert append_results(path, [odd]) == [odd]
    assert read_results(path) == [FIRST, odd]
    assert path.read_text(encoding="utf-8").splitlines()[0] == ",".join(COLUMNS)


def test_a_run_that_is_there_is_not_appended_again_and_the_file_is_not_touched(path: Path) -> None:
    append_results(path, [FIRST, FIRST])
    before = path.stat().st_mtime_ns, path.read_bytes()
    assert append_results(path, [replace(FIRST, accuracy=0.9)]) == []
    assert (path.stat().st_mtime_ns, path.read_bytes()) == before
    assert read_results(path) == [FIRST]


@pytest.mark.parametrize(
    "change", [{"run": "other"}, {"split": "validation"}, {"config_sha256": "cd" * 32}, {"date": "2026-03-03"}], ids=str
)
def test_another_name_part_configuration_or_end_is_another_row(path: Path, change: dict[str, str]) -> None:
    append_results(path, [FIRST])
    other = replace(FIRST, **change)  # type: ignore[arg-type]
    assert append_results(path, [other]) == [other]


def test_lines_that_are_there_stay_byte_for_byte(path: Path) -> None:
    append_results(path, [FIRST])
    # As an editor may leave it: a mark, other line ends, quotes that nobody needs, and no end of the last line.
    edited = "\ufeff" + path.read_text(encoding="utf-8").replace("first", '"first"').replace("\n", "\r\n").rstrip()
    path.write_bytes(edited.encode())
    append_results(path, [SECOND])
    assert path.read_bytes().startswith(edited.encode())
    assert read_results(path) == [FIRST, SECOND]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("date,run,", "run,date,", r":1: expected the header date,run,.*received run,date,"),
        (",200,", ",many,", r':2: reviews: expected a whole number, received "many"'),
        (",0.725,", ",nan,", r':2: accuracy: expected a number, received "nan"'),
        (",first,", ",", r":2: expected 20 cells, received 19"),
        (",lstm,", ',"lstm,', r""":2: ',' expected after '"'"""),
        (",abab", ',"abab', r":2: unexpected end of data"),
    ],
)
def test_a_damaged_table_is_an_error_and_stays_as_it_is(path: Path, old: str, new: str, message: str) -> None:
    append_results(path, [FIRST])
    damaged = path.read_text(encoding="utf-8").replace(old, new, 1)
    path.write_text(damaged, encoding="utf-8")
    with pytest.raises(RunError, match=message):
        append_results(path, [SECOND])
    assert path.read_text(encoding="utf-8") == damaged
    assert [file.name for file in path.parent.iterdir()] == ["table.csv"]


def test_an_empty_file_a_file_that_is_no_text_and_a_missing_one_are_errors(path: Path) -> None:
    with pytest.raises(RunError, match=r"There is no table .*table.csv yet. Make it: sentiment results RUN -o "):
        read_results(path)
    path.parent.mkdir()
    path.write_bytes(b"")
    with pytest.raises(RunError, match="received an empty file"):
        append_results(path, [FIRST])
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(RunError, match="expected a UTF-8 CSV file"):
        append_results(path, [FIRST])


def test_a_full_disk_leaves_the_table_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    append_results(path, [FIRST])

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", fail)
    with pytest.raises(OSError, match="No space left"):
        append_results(path, [SECOND])
    monkeypatch.undo()
    assert read_results(path) == [FIRST]


def test_seeds_of_one_configuration_are_summed_up_by_hand() -> None:
    third = replace(SECOND, run="third", date="2026-03-03", seed=3, accuracy=0.73, seconds=9.0)
    (summary,) = summarize([FIRST, SECOND, third])
    assert (summary.config, summary.seeds, summary.median_seconds) == ("lstm", 3, 6.1)
    assert summary.mean_accuracy == pytest.approx((0.725 + 0.74 + 0.73) / 3)
    # Deviations from 0.73167: -0.00667, 0.00833, -0.00167; squares sum up to 1.1667e-4, over two.
    assert summary.accuracy_sd == pytest.approx((1.16667e-4 / 2) ** 0.5, rel=1e-4)
    assert summary.machines == ["AMD EPYC, 2 cores"]


def test_the_newest_run_of_a_seed_counts_once() -> None:
    again = replace(FIRST, run="again", date="2026-04-01", accuracy=0.75)
    (summary,) = summarize([again, FIRST])
    assert (summary.seeds, summary.mean_accuracy, summary.accuracy_sd) == (1, 0.75, None)


def test_other_settings_parts_and_numbers_of_reviews_are_never_mixed() -> None:
    others = [
        replace(SECOND, config_sha256="cd" * 32),
        replace(SECOND, split="validation"),
        replace(SECOND, reviews=100),
        replace(SECOND, config="mine"),
    ]
    assert [summary.seeds for summary in summarize([FIRST, *others])] == [1] * 5


def test_the_markdown_has_a_line_for_each_configuration() -> None:
    lone = replace(FIRST, config="a|b", config_sha256="cd" * 32, date="2026-05-01", device="NVIDIA H200 (found)")
    lines = markdown_table(summarize([FIRST, SECOND, lone])).splitlines()
    assert lines == [
        "| configuration | sha256 | split | reviews | seeds | accuracy, mean ± sd | median seconds | machine |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: | --- |",
        "| lstm | abababab | test | 200 | 2 | 0.7325 ± 0.0106 | 5.5 | AMD EPYC, 2 cores |",
        "| a\\|b | cdcdcdcd | test | 200 | 1 | 0.7250 | 6.1 | NVIDIA H200 |",
    ]
