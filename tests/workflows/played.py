"""Trainings of a sweep that are played, epoch by epoch, in place of processes."""

from __future__ import annotations

import contextlib
import itertools
import json
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest

from sentiment_cli.history import Epoch, write_history
from sentiment_cli.run_sets import Sweep
from sentiment_cli.runs import Run
from sentiment_cli.search.plan import SearchPlan
from sentiment_cli.search.study import StudyJournal
from sentiment_cli.workflows import sweep_loop, trial_training
from sentiment_cli.workflows.trial_training import read_epochs

RATE, UNITS = "training.learning_rate", "model.recurrent.0.units"
PLAN = SearchPlan.make([f"{UNITS}=8,13,16"], [f"{RATE}=log(1e-4,1e-1)"], seed=4)
EPOCHS = 3


class Played:
    """Stands for the process of a training: a look finds one epoch more, where it is not busy; 13 units fail."""

    begun: ClassVar[list[list[str]]] = []
    tick: ClassVar[Callable[[], None]] = staticmethod(lambda: None)
    on_look: ClassVar[Callable[[], None]] = staticmethod(lambda: None)
    is_busy: ClassVar[Callable[[], bool]] = staticmethod(lambda: False)

    def __init__(self, arguments: Sequence[str], log_path: Path, cores: Sequence[int] | None) -> None:
        Played.tick()
        Played.begun.append(list(arguments))
        self.reason: str | None = None
        self._ended = self._stopped = False
        if arguments[1] == "--resume":
            self._run = Run(Path(arguments[2]))
        else:
            self._run = Run(Path(arguments[-1]))
            self._run.path.mkdir()
            pairs = [text.partition("=") for before, text in itertools.pairwise(arguments) if before == "--set"]
            (self._run.path / "values.json").write_text(json.dumps({key: text for key, _, text in pairs}))
            self._write("running")
        Played.tick()

    def ended(self) -> bool:
        Played.tick()
        Played.on_look()
        if not self._ended and not Played.is_busy():
            self._go_on()
        return self._ended

    def stop(self) -> None:
        self._stopped = True

    def kill(self) -> None:
        self._ended = True

    def _go_on(self) -> None:
        values = json.loads((self._run.path / "values.json").read_text())
        path = self._run.history_path
        history = read_epochs(self._run)
        if self._stopped:
            self._ended = True
            self._write("interrupted")
        elif values.get(UNITS) == "13":
            self.reason, self._ended = "13 is no good number", True
            self._write("failed", stop_reason=self.reason)
        else:
            accuracy = 0.9 - 0.1 * abs(math.log10(float(values.get(RATE, "0.003")) / 0.003)) - 0.1 / (len(history) + 1)
            history.append(Epoch(len(history) + 1, 1 - accuracy, accuracy, 1 - accuracy, accuracy, 1e-3, 0.1))
            write_history(path, history)
            if len(history) == EPOCHS:
                self._ended = True
                self._write("finished", best_epoch=EPOCHS, epochs=EPOCHS, seconds={"total": 2.0})

    def _write(self, status: str, **more: Any) -> None:
        self._run.write_record({"status": status, "planned_epochs": EPOCHS, "reviews": {"train": 30}, **more})


@contextlib.contextmanager
def playing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Trainings are played in the body, and no picture is drawn."""
    Played.begun.clear()
    monkeypatch.setattr(trial_training, "TrialProcess", Played)
    monkeypatch.setattr(sweep_loop, "_LOOK", 0)
    monkeypatch.setattr(sweep_loop, "compute_importances", lambda plan, trials: {})
    monkeypatch.setattr(sweep_loop, "plot_result", lambda result, target: None)
    yield
    Played.tick = staticmethod(lambda: None)
    Played.on_look = staticmethod(lambda: None)
    Played.is_busy = staticmethod(lambda: False)


def kept(sweep: Sweep, plan: SearchPlan = PLAN) -> list[tuple[Any, ...]]:
    """All that the study says, but for times."""
    trials = StudyJournal(sweep.study_path, plan.settings, maximizes=plan.maximizes).trials
    return [(t.number, t.state.name, t.params, t.values, t.intermediate_values, t.user_attrs) for t in trials]
