"""One end-to-end function for each use: the Python API, and what the commands call.

    from sentiment_cli.config import load_config
    from sentiment_cli.workflows import train, evaluate, predict

    result = train(load_config("lstm"), "runs/first")
    print(result.test.accuracy)

Nothing is imported with this package: each function, with what it needs, when it is first asked for, and TensorFlow
when it is called. All of them together take 0.2 s, the schema among it, which a list of mistakes has no need of.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sentiment_cli.workflows.baseline import BaselineResult, baseline, baseline_of_run
    from sentiment_cli.workflows.evaluate import EvaluateResult, evaluate
    from sentiment_cli.workflows.export import ExportResult, ExportSettings, export
    from sentiment_cli.workflows.import_data import import_data
    from sentiment_cli.workflows.predict import TextPrediction, predict
    from sentiment_cli.workflows.pretrain import PretrainResult, pretrain
    from sentiment_cli.workflows.probe import ProbeSettings, choose_probes, probe
    from sentiment_cli.workflows.results import DryRun, SeedsResult, TrainResult
    from sentiment_cli.workflows.score import ScoreResult, score
    from sentiment_cli.workflows.seeds import resume_seeds, train_seeds
    from sentiment_cli.workflows.train import dry_run, resume, train

__all__ = [
    "BaselineResult",
    "DryRun",
    "EvaluateResult",
    "ExportResult",
    "ExportSettings",
    "PretrainResult",
    "ProbeSettings",
    "ScoreResult",
    "SeedsResult",
    "TextPrediction",
    "TrainResult",
    "baseline",
    "baseline_of_run",
    "choose_probes",
    "dry_run",
    "evaluate",
    "export",
    "import_data",
    "predict",
    "pretrain",
    "probe",
    "resume",
    "resume_seeds",
    "score",
    "train",
    "train_seeds",
]

_MODULES = {
    "baseline": ("BaselineResult", "baseline", "baseline_of_run"),
    "evaluate": ("EvaluateResult", "evaluate"),
    "export": ("ExportResult", "ExportSettings", "export"),
    "import_data": ("import_data",),
    "predict": ("TextPrediction", "predict"),
    "pretrain": ("PretrainResult", "pretrain"),
    "probe": ("ProbeSettings", "choose_probes", "probe"),
    "results": ("DryRun", "SeedsResult", "TrainResult"),
    "score": ("ScoreResult", "score"),
    "seeds": ("resume_seeds", "train_seeds"),
    "train": ("dry_run", "resume", "train"),
}


class _Package(ModuleType):
    """This package with its names as properties: a module that is called as its function is does not hide that."""

    def __setattr__(self, name: str, value: Any) -> None:
        # Python makes each imported module an attribute of its package.
        if not (isinstance(value, ModuleType) and name in __all__):
            super().__setattr__(name, value)


def _from_module(module: str, name: str) -> property:
    return property(lambda package: getattr(import_module(f"{__name__}.{module}"), name))


for _module, _names in _MODULES.items():
    for _name in _names:
        setattr(_Package, _name, _from_module(_module, _name))
sys.modules[__name__].__class__ = _Package
