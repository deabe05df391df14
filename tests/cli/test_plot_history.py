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
    lines = result.stdout.splitlines()
    assert lines[0].startswith("2 epochs are too few to see a trend")
    assert lines[1] == "    sentiment train --resume runs/tiny --epochs 10"
    assert lines[-1] == "runs/tiny/plots/history.png"
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
    assert sorted(value) == ["best_epochs", "diagnosis", "picture", "sentences"]
    assert value["picture"] == "both.svg"
    assert list(value["sentences"]) == list(value["best_epochs"]) == ["tiny", "other"]


def test_what_the_curves_show_is_told_with_evidence_and_command(cli: Cli, run_copy: Path) -> None:
    value = json.loads(cli("plot-history", "tiny", "--json").stdout)
    first = value["diagnosis"]["tiny"][0]
    assert sorted(first) == ["command", "evidence", "kind", "sentence"]
    assert (first["kind"], first["sentence"]) == ("too few epochs", value["sentences"]["tiny"])
    assert first["evidence"]["epochs"] == 2
    assert first["command"] == "sentiment train --resume runs/tiny --epochs 10"


def test_a_damaged_record_of_predictions_or_steps_does_not_forbid_the_curves(cli: Cli, run_copy: Path) -> None:
    for name in ("predictions-validation.csv", "batches.csv", "metrics.json"):
        (run_copy / name).write_text("?", encoding="utf-8")
    assert cli("plot-history", "tiny").exit_code == 0


def test_in_a_terminal_the_curves_are_letters_and_no_picture_is_written(cli: Cli, run_copy: Path) -> None:
    picture = run_copy / "plots" / "history.png"
    picture.unlink()
    result = cli("plot-history", "tiny", "--terminal")
    assert result.exit_code == 0
    assert result.stdout.startswith("Accuracy over the epochs")
    assert "O best epoch\ntiny: best epoch 2\n\n2 epochs are too few" in result.stdout
    assert "\x1b" not in result.stdout
    assert not picture.exists()
    assert json.loads(cli("plot-history", "tiny", "--terminal", "--json").stdout)["picture"] is None
    assert "a.svg" in cli("plot-history", "tiny", "--terminal", "-o", "a.svg").stdout
    assert Path("a.svg").exists()


@pytest.mark.parametrize("terminal", ["linux", "dumb"])
def test_a_terminal_without_braille_gets_ascii(
    cli: Cli, run_copy: Path, terminal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", terminal)
    assert cli("plot-history", "tiny", "--terminal").stdout.isascii()


def test_steps_and_smoothed_curves_are_drawn(cli: Cli, run_copy: Path) -> None:
    result = cli("plot-history", "tiny", "--terminal", "--batches", "--smooth", "3")
    assert "training: mean of 3 steps, centred" in result.stdout
    assert cli("plot-history", "tiny", "--batches", "--smooth", "3", "-o", "steps.svg").exit_code == 0
    assert cli("plot-history", "tiny", "--smooth", "2", "-o", "epochs.svg").exit_code == 0
    plain = cli("plot-history", "tiny", "-o", "plain.svg")
    assert plain.exit_code == 0
    assert len({Path(f"{name}.svg").read_bytes() for name in ("steps", "epochs", "plain")}) == 3


def test_a_run_without_figures_of_steps_says_so(cli: Cli, run_copy: Path) -> None:
    (run_copy / "batches.csv").unlink()
    result = cli("plot-history", "tiny", "--batches")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "runs/tiny/batches.csv is not there" in result.stderr


@pytest.mark.parametrize("width", ["0", "-1", "1.5", "x"])
def test_a_width_to_smooth_by_that_is_none_is_wrong_usage(cli: Cli, run_copy: Path, width: str) -> None:
    assert cli("plot-history", "tiny", "--smooth", width).exit_code == 2


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
    result = cli("misclassified", "tiny", "-o", "a.csv", *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"{options[0]} is for pictures" in result.stderr and not Path("a.csv").exists()


@pytest.mark.parametrize("width", ["0", "1.9", "-3", "nan", "inf", "41", "wide"])
def test_a_width_that_no_picture_has_is_wrong_usage(cli: Cli, run_copy: Path, width: str) -> None:
    result = cli("plot-history", "tiny", "-o", "a.png", "--width", width)
    assert (result.exit_code, result.stdout) == (2, "")
    assert not Path("a.png").exists()
