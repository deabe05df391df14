"""Is the latest checkpoint that is whole found, and is there always one?"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sentiment_cli import atomic
from sentiment_cli.errors import RunError
from sentiment_cli.history import Epoch
from sentiment_cli.training.checkpoint import take_snapshot
from sentiment_cli.training.checkpoints import Checkpoints
from sentiment_cli.training.state import TrainingState


class Variables:
    """As much of a network as a checkpoint needs."""

    def __init__(self, value: float = 0.0) -> None:
        import keras

        self.variables = [keras.Variable([value], name="weight")]

    @property
    def value(self) -> float:
        return float(self.variables[0].numpy()[0])


def save(checkpoints: Checkpoints, value: float, epoch: int, batch: int = 0, best: int | None = None) -> None:
    history = [Epoch(number, 0.5, 0.5, None, None, 0.1, 1.0) for number in range(1, epoch)]
    state = TrainingState(epoch=epoch, batch=batch, best_epoch=best, history=history)
    if best is not None:
        checkpoints.save_best(take_snapshot(Variables(value), None, state), best)
    checkpoints.save_last(take_snapshot(Variables(value), Variables(value), state), state)


def restore(checkpoints: Checkpoints) -> tuple[float, TrainingState, list[str]]:
    network, warnings = Variables(), list[str]()
    state = checkpoints.restore_last(network, Variables(), warn=warnings.append)
    return network.value, state, warnings


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_the_latest_is_that_of_the_highest_epoch_and_batch_and_the_one_before_stays(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path / "checkpoints")
    assert (checkpoints.has_last, checkpoints.has_best) == (False, False)
    for value, (epoch, batch) in enumerate([(1, 2), (1, 10), (2, 0), (9, 3), (10, 0)], start=1):
        save(checkpoints, float(value), epoch, batch)
        found, state, warnings = restore(checkpoints)
        assert (found, state.epoch, state.batch, warnings) == (value, epoch, batch, [])
    assert names(checkpoints.directory) == ["last-00009-0000003", "last-00010-0000000"]
    assert checkpoints.has_last
    assert not checkpoints.has_best


@pytest.mark.parametrize("harm", ["cut", "gone", "empty"])
def test_a_damaged_one_is_named_and_the_one_before_taken(tmp_path: Path, harm: str) -> None:
    checkpoints = Checkpoints(tmp_path)
    save(checkpoints, 1.0, 1)
    save(checkpoints, 2.0, 2)
    path = tmp_path / "last-00002-0000000"
    if harm == "cut":
        (path / "variables.npz").write_bytes(b"PK")
    elif harm == "gone":
        (path / "manifest.json").unlink()
    else:
        shutil.rmtree(path)
        path.mkdir()
    found, state, (warning,) = restore(checkpoints)
    assert (found, state.epoch) == (1.0, 1)
    assert warning.startswith(f"{path} is damaged: ")
    assert warning.endswith(" The one before is taken: last-00001-0000000.")
    shutil.rmtree(tmp_path / "last-00001-0000000")
    with pytest.raises(RunError, match="last-00002-0000000 is damaged"):
        restore(checkpoints)


def test_what_does_not_fit_is_refused_and_none_before_it_is_tried(tmp_path: Path) -> None:
    """They are of the same configuration, and older ones would fit no better."""
    checkpoints = Checkpoints(tmp_path)
    save(checkpoints, 1.0, 1)
    save(checkpoints, 2.0, 2)
    network = Variables()
    network.variables *= 2
    with pytest.raises(RunError, match="last-00002-0000000 does not fit the configuration"):
        checkpoints.restore_last(network, Variables(), warn=pytest.fail)


def test_a_best_epoch_is_found_by_its_number_and_the_latest_without(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    for epoch in (1, 3, 4):
        save(checkpoints, float(epoch), epoch + 1, best=epoch)
    for wanted, found in ((1, 1.0), (3, 3.0), (4, 4.0), (None, 4.0)):
        network = Variables()
        checkpoints.restore_best(network, wanted)
        assert network.value == found
    with pytest.raises(RunError, match="has no weights of epoch 2; restore what was there, or train anew"):
        checkpoints.restore_best(Variables(), 2)
    with pytest.raises(RunError, match="has no weights of any epoch"):
        Checkpoints(tmp_path / "nothing").restore_best(Variables())


def test_every_last_that_is_kept_finds_its_best_also_where_a_kill_left_one_more(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    for epoch in range(1, 8):
        save(checkpoints, float(epoch), epoch + 1, best=epoch)
        # killed between the best epoch and the checkpoint that speaks of it
        checkpoints.save_best(take_snapshot(Variables(), None, TrainingState()), epoch + 1)
        for path in tmp_path.glob("last-*"):
            assert (tmp_path / f"best-{int(path.name.split('-')[1]) - 1:05d}").is_dir()


def test_what_a_kill_left_is_removed_at_the_next_save_and_never_taken(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    save(checkpoints, 1.0, 1)
    shutil.copytree(tmp_path / "last-00001-0000000", tmp_path / ".unfinished-last-00009-0000000-x")
    (tmp_path / ".unfinished-file").write_text("half", encoding="utf-8")
    assert restore(checkpoints)[:2][0] == 1.0
    save(checkpoints, 2.0, 2)
    assert names(tmp_path) == ["last-00001-0000000", "last-00002-0000000"]


def test_the_same_place_may_be_saved_twice(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    save(checkpoints, 1.0, 1, 5)
    save(checkpoints, 2.0, 1, 5)
    assert restore(checkpoints)[0] == 2.0
    assert names(tmp_path) == ["last-00001-0000005"]


def test_tidied_up_there_is_one_of_each(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    for epoch in (1, 2, 3):
        save(checkpoints, float(epoch), epoch + 1, best=epoch)
    save(checkpoints, 4.0, 5)
    checkpoints.keep_only(3)
    assert names(tmp_path) == ["best-00003", "last-00005-0000000"]


def killed_at(monkeypatch: pytest.MonkeyPatch, operation: int) -> None:
    """Let the process die, as far as files can tell, before one of the operations on them."""
    count = 0

    def dying(function: Any) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            nonlocal count
            count += 1
            if count > operation:
                raise SystemExit
            return function(*arguments, **options)

        return call

    for owner, name in (
        *((Path, name) for name in ("rename", "mkdir", "write_text", "chmod", "unlink", "replace")),
        *((shutil, "rmtree"), (np, "savez"), (atomic.os, "fsync"), (atomic.tempfile, "mkdtemp")),
    ):
        monkeypatch.setattr(owner, name, dying(getattr(owner, name)))


def test_killed_before_any_operation_on_a_file_the_one_before_or_the_new_one_is_there(tmp_path: Path) -> None:
    """Nothing after a kill happens, not even the tidying up."""
    outcomes = []
    for operation in range(60):
        checkpoints = Checkpoints(tmp_path / str(operation))
        for epoch in (1, 2, 3):
            save(checkpoints, float(epoch), epoch + 1, best=epoch)
        with pytest.MonkeyPatch.context() as patched:
            killed_at(patched, operation)
            try:
                save(checkpoints, 4.0, 5, best=4)
            except SystemExit:
                done = False
            else:
                done = True
        found, state, warnings = restore(checkpoints)
        assert found in (3.0, 4.0)
        assert warnings == []
        assert state.best_epoch is not None
        network = Variables()
        checkpoints.restore_best(network, state.best_epoch)
        assert network.value == found
        outcomes.append((found, done))
        save(checkpoints, 5.0, 6, best=5)  # and it goes on
        assert not list(checkpoints.directory.glob(".unfinished-*"))
    assert outcomes[0] == (3.0, False)
    assert (4.0, False) in outcomes
    assert outcomes[-1] == (4.0, True)


def test_room_is_made_of_what_is_kept_for_the_case_of_damage(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    assert not checkpoints.make_room()
    for epoch in range(1, 5):
        save(checkpoints, float(epoch), epoch + 1, best=epoch)
    assert checkpoints.make_room()
    assert names(tmp_path) == ["best-00003", "best-00004", "last-00005-0000000"]
    assert not checkpoints.make_room()
    assert restore(checkpoints)[0] == 4.0


def test_all_stay_where_the_latest_is_damaged_with_the_best_epoch_that_its_elder_speaks_of(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    for epoch in (1, 2):
        save(checkpoints, float(epoch), epoch + 1, best=epoch)
    # Killed between the best epoch and the checkpoint that would speak of it.
    checkpoints.save_best(take_snapshot(Variables(3.0), None, TrainingState()), 3)
    (tmp_path / "last-00003-0000000" / "variables.npz").write_bytes(b"PK")
    before = names(tmp_path)
    assert not checkpoints.make_room()
    assert names(tmp_path) == before
    value, state, _ = restore(checkpoints)
    assert (value, state.best_epoch) == (1.0, 1)
    checkpoints.check_best(1)


def test_best_epochs_that_no_checkpoint_speaks_of_make_room_but_for_the_latest(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    for epoch in (1, 2, 3):
        checkpoints.save_best(take_snapshot(Variables(1.0), None, TrainingState()), epoch)
    assert checkpoints.make_room()
    assert names(tmp_path) == ["best-00003"]
