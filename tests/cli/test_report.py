"""Does `report` write one page from what is in run directories, and say what it lacks?"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from sentiment_cli.analysis.attributions import Attribution, Span, write_attributions
from sentiment_cli.evaluation.predictions import read_predictions
from sentiment_cli.runs import Run

Cli = Callable[..., Result]


def page_data(path: Path | str) -> dict[str, Any]:
    """The JSON in a page."""
    source = Path(path).read_text(encoding="utf-8")
    found = re.search(r'<script type="application/json" id="report-data">(.*?)</script>', source, re.DOTALL)
    assert found
    value: dict[str, Any] = json.loads(found[1])
    return value


def test_the_page_goes_into_the_run_and_its_path_to_stdout(cli: Cli, run_copy: Path) -> None:
    result = cli("report", "tiny")
    assert (result.exit_code, result.stdout) == (0, "runs/tiny/report.html\n")
    assert page_data("runs/tiny/report.html")["runs"][0]["name"] == "tiny"


def test_the_figures_are_those_that_the_run_keeps(cli: Cli, run_copy: Path) -> None:
    cli("report", "tiny", "-o", "page.html")
    kept = Run(run_copy).read_metrics()["test"]
    shown = page_data("page.html")["runs"][0]["evaluation"]
    assert shown["confusion_matrix"] == kept["confusion_matrix"]
    assert shown["accuracy"] == kept["accuracy"]
    assert shown["loss"] == pytest.approx(kept["loss"], rel=1e-6)


@pytest.mark.parametrize("split", ["test", "validation"])
def test_every_prediction_of_the_part_is_on_the_page(cli: Cli, run_copy: Path, split: str) -> None:
    cli("report", "tiny", "--split", split, "-o", "page.html")
    data = page_data("page.html")
    rows = read_predictions(Run(run_copy).predictions_path(split))
    assert data["split"] == split
    assert data["reviews"]["paths"] == [row.path for row in rows]
    assert data["runs"][0]["rows"]["tokens"] == [row.tokens for row in rows]


def test_json_says_what_was_written(cli: Cli, run_copy: Path) -> None:
    result = cli("report", "tiny", "-o", "page.html", "--texts", "all", "--json")
    value = json.loads(result.stdout)
    assert result.stdout.count("\n") == 1
    assert {key: value[key] for key in ("file", "runs", "split", "reviews", "texts")} == {
        "file": "page.html",
        "runs": ["runs/tiny"],
        "split": "test",
        "reviews": 16,
        "texts": 16,
    }
    assert value["bytes"] == Path("page.html").stat().st_size


def test_the_page_is_the_same_every_time(cli: Cli, run_copy: Path) -> None:
    first, second = (cli("report", "tiny", "-o", name) and Path(name).read_bytes() for name in ("one.html", "two.html"))
    assert first == second


def test_the_newest_finished_run_is_taken_and_said(cli: Cli, run_copy: Path) -> None:
    assert cli("report").stderr.startswith("Run: runs/tiny (the newest finished one)\n")


def test_words_are_coloured_where_the_run_keeps_what_they_added(cli: Cli, run_copy: Path) -> None:
    run = Run(run_copy)
    rows = read_predictions(run.predictions_path("test"))
    kept = [Attribution(row.path, row.predicted, (Span(0, 3, 0.5),), 0.5) for row in rows]
    write_attributions(run.attributions_path("test"), kept)
    result = cli("report", "tiny", "--texts", "all", "-o", "page.html")
    assert "Words are not coloured" not in result.stderr
    assert list(page_data("page.html")["runs"][0]["rows"]["words"].values()) == [[0, 3, 0.5]] * 16


def test_what_is_missing_is_said_with_the_command_that_makes_it(cli: Cli, run_copy: Path) -> None:
    result = cli("report", "tiny")
    line = "tiny: Words are not coloured. Colour them: sentiment evaluate runs/tiny --split test --explain"
    assert line in result.stderr.splitlines()


def test_a_part_that_was_not_evaluated_is_said_and_the_rest_is_shown(cli: Cli, run_copy: Path) -> None:
    result = cli("report", "tiny", "--split", "train", "-o", "page.html")
    assert result.exit_code == 0
    assert result.stderr == (
        "tiny: There are no predictions on the train part. Make them: sentiment evaluate runs/tiny --split train\n"
    )
    run = page_data("page.html")["runs"][0]
    assert run["evaluation"] is None
    assert run["curves"][0]["epochs"] == [1, 2]


def test_an_unfinished_run_shows_what_there_is(cli: Cli, run_copy: Path) -> None:
    run = Run(run_copy)
    run.write_record({**run.read_record(), "status": "interrupted"})
    for path in (run.metrics_path, *map(run.predictions_path, ("validation", "test"))):
        path.unlink()
    result = cli("report", "tiny")
    assert result.exit_code == 0
    assert "the run has not finished (interrupted)" in result.stderr
    assert page_data("runs/tiny/report.html")["runs"][0]["status"] == "interrupted"


def test_reviews_that_are_gone_are_said_and_shown_without_their_texts(cli: Cli, run_copy: Path) -> None:
    run = Run(run_copy)
    record = run.read_record()
    run.write_record({**record, "data": {**record["data"], "root": "/no/such/place"}})
    result = cli("report", "tiny", "--texts", "all")
    missing = "tiny: 16 reviews are no longer in /no/such/place: shown without the text."
    assert missing in result.stderr and "evaluate" not in result.stderr
    assert page_data("runs/tiny/report.html")["reviews"]["texts"] == {}


def test_two_runs_stand_side_by_side_with_their_comparison(cli: Cli, run_copy: Path) -> None:
    shutil.copytree(run_copy, run_copy.parent / "copy")
    result = cli("report", "tiny", "copy", "-o", "page.html")
    assert result.exit_code == 0
    data = page_data("page.html")
    assert [run["name"] for run in data["runs"]] == ["tiny", "copy"]
    comparison = data["comparisons"][0]
    assert comparison["problem"] is None
    assert comparison["both_right"] + comparison["both_wrong"] == 16
    assert len(data["reviews"]["paths"]) == 16


def test_runs_that_cannot_be_compared_are_shown_with_the_reason(cli: Cli, run_copy: Path) -> None:
    other = Run(Path(shutil.copytree(run_copy, run_copy.parent / "other")))
    lines = other.predictions_path("test").read_text(encoding="utf-8").splitlines()
    other.predictions_path("test").write_text("\n".join(lines[:-1]) + "\n", encoding="utf-8")
    cli("report", "tiny", "other", "-o", "page.html")
    assert "different reviews" in page_data("page.html")["comparisons"][0]["problem"]


def test_a_run_that_is_named_twice_is_shown_once(cli: Cli, run_copy: Path) -> None:
    cli("report", "tiny", "runs/tiny", "-o", "page.html")
    assert len(page_data("page.html")["runs"]) == 1


def test_runs_of_one_name_are_called_by_their_directories(cli: Cli, run_copy: Path) -> None:
    shutil.copytree(run_copy, "elsewhere/tiny")
    cli("report", "tiny", "elsewhere/tiny", "-o", "page.html")
    assert [run["name"] for run in page_data("page.html")["runs"]] == ["runs/tiny", "elsewhere/tiny"]


@pytest.mark.parametrize("name", ["predictions-test.csv", "history.csv", "metrics.json", "run.json"])
def test_a_damaged_file_is_an_error_that_names_it_and_leaves_no_page(cli: Cli, run_copy: Path, name: str) -> None:
    (run_copy / name).write_text("damaged", encoding="utf-8")
    result = cli("report", "tiny")
    assert result.exit_code == 1
    assert name in result.stderr
    assert not (run_copy / "report.html").exists()


def test_a_run_that_is_not_there_is_an_error(cli: Cli, workplace: Path) -> None:
    result = cli("report", "no-such")
    assert result.exit_code == 1
    assert 'No run "no-such"' in result.stderr


def test_a_directory_as_file_is_wrong_usage(cli: Cli, run_copy: Path) -> None:
    assert cli("report", "tiny", "-o", "runs").exit_code == 2


def evaluate_elsewhere(run: Run, name: str, root: Path) -> None:
    """As if the run had been evaluated on other data, with the same predictions."""
    directory = run.evaluation_dir(name)
    directory.mkdir(parents=True)
    shutil.copy(run.predictions_path("test"), directory / "predictions.csv")
    (directory / "metrics.json").write_text(json.dumps({"data": str(root)}), encoding="utf-8")


def test_other_data_are_shown_where_the_runs_were_evaluated_on_them(
    cli: Cli, run_copy: Path, tiny_reviews: Path
) -> None:
    other = Path(shutil.copytree(run_copy, run_copy.parent / "other"))
    for path in (run_copy, other):
        evaluate_elsewhere(Run(path), "tiny", tiny_reviews)
    result = cli("report", "tiny", "other", "--data", tiny_reviews, "--texts", "all", "-o", "page.html", "--json")
    assert result.exit_code == 0
    data = page_data("page.html")
    assert (data["split"], data["source"]) == ("other", str(tiny_reviews))
    assert len(data["reviews"]["texts"]) == len(data["reviews"]["paths"]) == 16
    assert data["comparisons"][0]["problem"] is None
    assert json.loads(result.stdout)["data"] == str(tiny_reviews)


def test_pages_about_other_reviews_do_not_replace_the_one_about_the_test_part(
    cli: Cli, run_copy: Path, tiny_reviews: Path
) -> None:
    evaluate_elsewhere(Run(run_copy), "tiny", tiny_reviews)
    pages = [cli("report", "tiny", *options).stdout for options in ([], ["--split", "validation"])]
    pages.append(cli("report", "tiny", "--data", tiny_reviews).stdout)
    assert pages == [
        "runs/tiny/report.html\n",
        "runs/tiny/report-validation.html\n",
        "runs/tiny/evaluations/tiny/report.html\n",
    ]
    assert [page_data(page.strip())["split"] for page in pages] == ["test", "validation", "other"]


def test_other_data_that_a_run_was_not_evaluated_on_are_an_error(cli: Cli, run_copy: Path) -> None:
    result = cli("report", "tiny", "--data", "bnb")
    assert result.exit_code == 1
    assert "runs/tiny was not evaluated on bnb yet. Do that: sentiment evaluate runs/tiny --data bnb" in result.stderr


def test_other_data_have_no_part_to_choose(cli: Cli, run_copy: Path) -> None:
    assert cli("report", "tiny", "--data", "bnb", "--split", "validation").exit_code == 2
