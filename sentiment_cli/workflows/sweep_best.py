"""The best configuration of a sweep as a file that says where it comes from."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

from sentiment_cli.atomic import write_text
from sentiment_cli.config import config_values
from sentiment_cli.config.yaml_source import dump_yaml
from sentiment_cli.run_sets import Sweep
from sentiment_cli.search.choosing import Chooser
from sentiment_cli.search.space import apply_values
from sentiment_cli.search.trial import Trial, best_trial


def write_best(sweep: Sweep, chooser: Chooser, record: dict[str, Any], trials: Sequence[Trial]) -> int | None:
    """Write the configuration of the best trial, for one who wants to train it, and to know where it comes from.

    Args:
        sweep: where it goes.
        chooser: that knows what all trials have in common.
        record: of the sweep, which knows whether the test part was to be read in the end.
        trials: all so far.

    Returns:
        The number of the best trial; None before one has finished.
    """
    best = best_trial(trials, chooser.plan)
    if best is None or best.value is None:
        return None
    config = apply_values(chooser.config, chooser.settings, best.values)
    training = config.training.model_copy(update={"evaluate_test": record["evaluate_test"]})
    data = config.data
    if "training.seed" not in best.values:  # else it would be divided otherwise
        data = data.model_copy(update={"split_seed": record["split_seed"]})
    config = config.model_copy(update={"training": training, "data": data})
    counts = f"{len(trials)} {'trial' if len(trials) == 1 else 'trials'}"
    values = ", ".join(f"{key}={' '.join(text.split())}" for key, text in best.values.items())
    head = (
        f"{best.name} of the sweep {sweep.name}, the best of {counts}\n\n"
        f"  {values}\n"
        f"  {chooser.plan.metric} {best.value:.4f} after epoch {best.epoch}\n\n"
        "Chosen on validation reviews, and so that figure is a little too good. What it is worth, on test:\n"
        f"  sentiment train -c {shlex.quote(str(sweep.best_path))}\n"
    )
    # A directory may have a line end in its name, of any that YAML knows.
    comment = "".join(f"# {line}".rstrip() + "\n" for line in head.splitlines())
    write_text(sweep.best_path, comment + dump_yaml(config_values(config)))
    return best.number
