"""What do the curves of a training show, why, and what is to be done?"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from sentiment_cli.diagnosis.case import Case, Finding
from sentiment_cli.diagnosis.causes import find_causes

_FURTHER = 5  # epochs at the least, or half as many again
_WASTED = 3  # epochs behind the best one


def diagnose(case: Case) -> list[Finding]:
    """What the figures of a training show, at least one finding.

    Args:
        case: what is known of it.

    Returns:
        First what the curves show, then the causes that settings and figures speak for, the surest first, then how
        the training ended where that matters.
    """
    return [_reading(case), *find_causes(case), *_about_overfitting(case), *_about_its_end(case)]


def first_command(findings: list[Finding]) -> str | None:
    """What to try first; None where nothing is to be done."""
    return next((finding.command for finding in findings if finding.command), None)


def _reading(case: Case) -> Finding:
    kind, epochs = case.reading.kind, len(case.history)
    command = None
    if kind in ("still improving", "not clear yet") and _may_go_on(case):
        command = case.go_on(_further(epochs))
    if kind == "too few epochs" and _may_go_on(case):
        command = case.go_on(max(10, epochs + _FURTHER))
    last = case.history.rows[-1] if case.history.rows else None
    figures: Mapping[str, Any] = {} if last is None else {"loss": last.loss, "accuracy": last.accuracy}
    if last is not None and last.val_loss is not None:
        figures = {**figures, "val_loss": last.val_loss, "val_accuracy": last.val_accuracy}
    evidence = {"epochs": epochs, "best_epoch": case.history.best_epoch, **figures}
    return Finding(kind, case.reading.sentence, evidence, command)


def _may_go_on(case: Case) -> bool:
    """Whether there is an end to go on from; an interrupted training has its own command."""
    return case.record.get("status") in ("finished", None)


def _further(epochs: int) -> int:
    return epochs + max(_FURTHER, epochs // 2)


def _about_overfitting(case: Case) -> list[Finding]:
    if case.reading.kind not in ("overfitting", "possibly overfitting"):
        return []
    best, epochs = case.history.best_epoch, len(case.history)
    found = []
    if best is not None and best < epochs:
        figure = "validation accuracy" if case.monitor == "val_accuracy" else "validation loss"
        sentence = f"Nothing is lost: the run keeps the weights of epoch {best}, the best by {figure}."
        found.append(Finding("best epoch kept", sentence, {"best_epoch": best, "monitor": case.monitor}))
    dropouts = _dropouts(case)
    if dropouts and not any(dropouts.values()):
        sentence = "Nothing works against it: all dropouts are 0."
        found.append(Finding("no dropout", sentence, dropouts, case.retrain(model__dropout=0.5)))
    if case.setting("training.early_stopping", "unknown") is None and best is not None and epochs - best >= _WASTED:
        seconds = sum(row.seconds for row in case.history.rows[best:])
        sentence = (
            f"{epochs - best} of {epochs} epochs came after the best one and took {_duration(seconds)}; early stopping "
            "would spare them (training.early_stopping: null)."
        )
        evidence = {"epochs_after_best": epochs - best, "seconds": seconds, "training.early_stopping": None}
        stopping = f"{{monitor: {case.monitor}, patience: 3}}"
        found.append(Finding("no early stopping", sentence, evidence, case.retrain(training__early_stopping=stopping)))
    return found


def _dropouts(case: Case) -> dict[str, float]:
    """Every dropout of the network, by its key."""
    keys = ("model.dropout", "model.embedding.dropout", "model.embedding.word_dropout")
    found = {key: case.number(key) for key in keys}
    for place in ("model.recurrent", "model.dense"):
        for number, layer in enumerate(case.listed(place)):
            if isinstance(layer, Mapping):
                for name in ("dropout", "recurrent_dropout"):
                    value = layer.get(name)
                    found[f"{place}.{number}.{name}"] = float(value) if isinstance(value, int | float) else None
    return {key: value for key, value in found.items() if value is not None}


def _about_its_end(case: Case) -> list[Finding]:
    status, reason = case.record.get("status"), case.record.get("stop_reason")
    epochs = len(case.history)
    if status == "interrupted":
        command = shlex.join(["sentiment", "train", "--resume", case.group or case.path])
        sentence = f"The training was interrupted after {epochs} whole {'epoch' if epochs == 1 else 'epochs'}."
        return [Finding("interrupted", sentence, {"epochs": epochs}, command)]
    patience, best = case.number("training.early_stopping.patience"), case.history.best_epoch
    if reason != "early stopping" or patience is None:
        return []
    monitor = case.setting("training.early_stopping.monitor")
    planned = case.record.get("planned_epochs")
    of_planned = f" of {planned}" if type(planned) is int else ""
    waited = f"{monitor} had not improved for {patience:.0f} epochs"
    sentence = f"Early stopping ended it after epoch {epochs}{of_planned}: {waited}."
    evidence = {"epochs": epochs, "best_epoch": best, "patience": patience, "monitor": monitor}
    goes_on = case.reading.kind in ("still improving", "not clear yet")
    return [Finding("early stopping", sentence, evidence, case.go_on(_further(epochs)) if goes_on else None)]


def _duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else f"{seconds / 60:.0f} min"
