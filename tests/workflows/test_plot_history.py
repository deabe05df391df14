"""Is the picture of one or several runs drawn where it belongs, with the epoch that each run kept?"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sentiment_cli.errors import RunError, UsageError
from sentiment_cli.history import Epoch, History, write_history
from sentiment_cli.runs import Run
from sentiment_cli.workflows.plot_history import plot_runs

MAGIC = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}


def make_history(*val_losses: float | None) -> History:
    return History(
        [Epoch(n, 0.5 / n, 0.8, loss, None if loss is None else 0.7, 1e-3, 1.0) for n, loss in enumerate(val_losses, 1)]
    )


def test_the_picture_of_one_run_goes_into_the_run(run_copy: Path) -> None:
    before = {path: path.read_bytes() for path in run_copy.rglob("*") if path.is_file() and path.name != "history.png"}
    (run_copy / "plots" / "history.png").unlink()
    result = plot_runs([Run(run_copy)])
    assert result.picture == run_copy / "plots" / "history.png"
    assert result.picture.read_bytes().startswith(MAGIC["png"])
    assert result.best_epochs == {"tiny": 2}
    assert list(result.to_dict()["sentences"]) == ["tiny"]
    assert len(result.sentences[0]) > 20
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize("ending", MAGIC)
def test_the_ending_chooses_the_format(run_copy: Path, ending: str) -> None:
    picture = plot_runs([Run(run_copy)], Path(f"out/curves.{ending}")).picture
    assert picture.read_bytes().startswith(MAGIC[ending])


def test_another_ending_is_refused_before_anything_is_written(run_copy: Path) -> None:
    with pytest.raises(UsageError, match="jpg"):
        plot_runs([Run(run_copy)], Path("curves.jpg"))
    assert not Path("curves.jpg").exists()


def test_runs_of_unequal_length_and_without_validation_go_into_one_picture(run_copy: Path) -> None:
    short, bare = run_copy.with_name("short"), run_copy.with_name("bare")
    for path, history in ((short, make_history(0.9)), (bare, make_history(None, None, None))):
        shutil.copytree(run_copy, path)
        write_history(Run(path).history_path, history)
        Run(path).write_record({**Run(path).read_record(), "best_epoch": len(history)})
    result = plot_runs([Run(run_copy), Run(short), Run(bare)], Path("all.svg"))
    assert result.best_epochs == {"tiny": 2, "short": 1, "bare": 3}
    assert [sentence.partition(":")[0] for sentence in result.sentences] == ["tiny", "short", "bare"]
    drawn = Path("all.svg").read_text(encoding="utf-8")
    assert all(name in drawn for name in ("tiny", "short", "bare"))


def test_runs_of_the_same_name_are_told_apart_by_their_path(run_copy: Path) -> None:
    other = Path("elsewhere/tiny")
    shutil.copytree(run_copy, other)
    assert plot_runs([Run(run_copy), Run(other)], Path("both.png")).runs == ["tiny", str(other.resolve())]


def test_a_run_that_is_named_twice_is_drawn_once(run_copy: Path) -> None:
    assert plot_runs([Run(run_copy), Run(Path("runs/tiny"))], Path("both.png")).runs == ["tiny"]


def test_damaged_metrics_do_not_forbid_the_curves(run_copy: Path) -> None:
    (run_copy / "metrics.json").write_text("{", encoding="utf-8")
    assert plot_runs([Run(run_copy)]).picture.exists()


def test_the_epoch_marked_is_the_one_that_was_kept_and_not_the_lowest_loss(run_copy: Path) -> None:
    run = Run(run_copy)
    write_history(run.history_path, make_history(0.9, 0.3, 0.5))
    run.write_record({**run.read_record(), "best_epoch": 3})  # as early stopping on val_accuracy may choose
    assert plot_runs([run]).best_epochs == {"tiny": 3}
    run.write_record({**run.read_record(), "best_epoch": 8})  # of a record that does not fit, the curves decide
    assert plot_runs([run]).best_epochs == {"tiny": 2}


def test_a_run_in_progress_can_be_drawn(run_copy: Path) -> None:
    run = Run(run_copy)
    record = run.read_record()
    del record["best_epoch"]
    run.write_record({**record, "status": "running"})
    run.metrics_path.unlink()
    assert plot_runs([run]).best_epochs == {"tiny": 2}


def test_a_training_that_failed_before_it_saved_anything_says_why(run_copy: Path) -> None:
    run = Run(run_copy)
    for path in (run.history_path, run.batches_path):
        path.unlink()
    reason = "The loss is inf in epoch 1, batch 2, at learning rate 1e+30; norms of the last gradients: 0.3."
    run.write_record({**run.read_record(), "status": "failed", "stop_reason": reason, "best_epoch": None})
    result = plot_runs([run])
    assert result.sentences == ["No epoch has finished yet, so there are no curves to read."]
    ((sentence, command),) = result.further
    assert "The loss is inf in epoch 1, batch 2, at learning rate 1e+30." in sentence
    assert command == f"sentiment train -c {run_copy}/config.yaml --set training.learning_rate=0.001"


def test_a_missing_or_damaged_history_is_named(run_copy: Path) -> None:
    Run(run_copy).history_path.write_text("epoch,loss\n", encoding="utf-8")
    with pytest.raises(RunError, match=r"history\.csv:1: expected the header"):
        plot_runs([Run(run_copy)])
    Run(run_copy).history_path.unlink()
    with pytest.raises(RunError, match=r"history\.csv is not there"):
        plot_runs([Run(run_copy)])
