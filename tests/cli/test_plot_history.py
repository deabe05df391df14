"""Does `plot-history` draw where it should, say what the curves show, and refuse what it cannot draw?"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Cli = Callable[..., Result]
FIRST_BYTES = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}


def test_without_a_file_the_picture_goes_into_the_run(cli: Cli, run_copy: Path) -> None:
    picture = run_copy / "plots" / "history.png"
    picture.unlink()
    result = cli("plot-history")
    assert (result.exit_code, result.stderr) == (0, "Run: runs/tiny (the newest finished one)\n")
    sentence, path = result.stdout.splitlines()
    assert sentence.endswith(".")
    assert path == "runs/tiny/plots/history.png"
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("ending", FIRST_BYTES)
def test_the_ending_of_the_file_gives_the_format(cli: Cli, run_copy: Path, ending: str) -> None:
    before = (run_copy / "plots" / "history.png").read_bytes()
    result = cli("plot-history", "tiny", "-o", f"pictures/both.{ending}")
    assert result.exit_code == 0
    assert Path(f"pictures/both.{ending}").read_bytes().startswith(FIRST_BYTES[ending])
    assert (run_copy / "plots" / "history.png").read_bytes() == before


def test_another_ending_is_wrong_usage_and_nothing_is_written(cli: Cli, run_copy: Path) -> None:
    result = cli("plot-history", "tiny", "-o", "curves.jpg")
    assert (result.exit_code, result.stdout) == (2, "")
    assert all(ending in result.stderr for ending in (".png", ".svg", ".pdf", "curves.jpg"))
    assert not Path("curves.jpg").exists()


def test_several_runs_have_a_sentence_each_and_one_picture(cli: Cli, run_copy: Path) -> None:
    shutil.copytree(run_copy, run_copy.with_name("other"))
    result = cli("plot-history", "tiny", "other", "-o", "both.svg", "--json")
    value = json.loads(result.stdout)
    assert result.stdout.count("\n") == 1
    assert sorted(value) == ["best_epochs", "picture", "sentences"]
    assert value["picture"] == "both.svg"
    assert list(value["sentences"]) == list(value["best_epochs"]) == ["tiny", "other"]


def test_a_run_that_is_not_there_is_refused_with_the_nearest_name(cli: Cli, run_copy: Path) -> None:
    result = cli("plot-history", "tinny")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        'Error: No run "tinny": neither that directory nor runs/tinny is one; did you mean "tiny"?\n'
    )


def test_a_missing_history_is_named(cli: Cli, run_copy: Path) -> None:
    (run_copy / "history.csv").unlink()
    result = cli("plot-history", "tiny")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert "runs/tiny/history.csv" in result.stderr


def test_a_paper_picture_of_a_width_is_drawn_where_o_says(cli: Cli, run_copy: Path) -> None:
    before = (run_copy / "plots" / "history.png").read_bytes()
    result = cli("plot-history", "tiny", "-o", "a.svg", "--style", "paper", "--width", "4")
    assert result.exit_code == 0, result.stderr
    assert 'width="288pt"' in Path("a.svg").read_text(encoding="utf-8")
    assert (run_copy / "plots" / "history.png").read_bytes() == before


@pytest.mark.parametrize("options", [["--style", "paper"], ["--width", "4"]])
def test_the_pictures_in_a_run_keep_the_look_of_a_screen(cli: Cli, run_copy: Path, options: list[str]) -> None:
    result = cli("plot-history", "tiny", *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"{options[0]} needs -o FILE" in result.stderr


@pytest.mark.parametrize("width", ["0", "1.9", "-3", "nan", "inf", "41", "wide"])
def test_a_width_that_no_picture_has_is_wrong_usage(cli: Cli, run_copy: Path, width: str) -> None:
    result = cli("plot-history", "tiny", "-o", "a.png", "--width", width)
    assert (result.exit_code, result.stdout) == (2, "")
    assert not Path("a.png").exists()
