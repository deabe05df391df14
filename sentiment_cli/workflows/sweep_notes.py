"""What a user is told of a trial of a sweep when it begins and when it ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sentiment_cli.search.space import short_names
from sentiment_cli.search.trial import Trial
from sentiment_cli.training.progress import Progress
from sentiment_cli.workflows.trials import ActiveTrial


def note_begin(progress: Progress, active: ActiveTrial, trials: Sequence[Trial], record: dict[str, Any]) -> None:
    """Say what is tried next, and for how long at the most.

    Args:
        progress: told.
        active: the trial.
        trials: all so far.
        record: of the sweep.
    """
    names, most = short_names(list(active.values)), record["max_trials"]
    number = active.frozen.number + 1
    said = ", ".join(f"{names[key]} {text}" for key, text in active.values.items())
    verb = "goes on" if active.run.path.exists() else said
    progress.note(f"Trial {number}{f' of {most}' if most else ''}: {verb}{_time_left(trials, record)}")
    progress.phase(active.name)


def note_end(progress: Progress, trial: Trial, metric: str, *, is_best: bool) -> None:
    """Say what a trial came to."""
    value = "" if trial.value is None else f"{metric} {trial.value:.4f} after epoch {trial.epoch}"
    if trial.state == "finished":
        seconds = f", {trial.seconds:.0f} s" if trial.seconds else ""
        progress.note(f"  {trial.name}: {value}{seconds}{'; best so far' if is_best else ''}")
    elif trial.state == "pruned":
        progress.note(f"  {trial.name}: stopped after epoch {trial.epochs}, behind the others; {value}")
    elif trial.state == "failed":
        progress.warn(f"{trial.name} failed: {trial.reason}")


def _time_left(trials: Sequence[Trial], record: dict[str, Any]) -> str:
    """How long all trials will still take, once that is known."""
    seconds = [trial.seconds for trial in trials if trial.state == "finished" and trial.seconds]
    most = record["max_trials"]
    if not seconds or most is None:
        return ""
    left = most - sum(trial.state != "unfinished" for trial in trials)
    minutes = sum(seconds) / len(seconds) * left / record["jobs"] / 60
    return f"; at most {max(minutes, 0.1):.1f} min left"
