"""One end-to-end function for each use: the Python API, and what the commands call.

    from sentiment_cli.config import load_config
    from sentiment_cli.workflows import train, evaluate, predict

    result = train(load_config("lstm"), "runs/first")
    print(result.test.accuracy)

Nothing heavy is imported with this package; the functions load TensorFlow when they need it.
"""

from sentiment_cli.workflows.baseline import BaselineResult, baseline, baseline_of_run
from sentiment_cli.workflows.evaluate import EvaluateResult, evaluate
from sentiment_cli.workflows.export import ExportResult, ExportSettings, export
from sentiment_cli.workflows.import_data import import_data
from sentiment_cli.workflows.predict import TextPrediction, predict
from sentiment_cli.workflows.pretrain import PretrainResult, pretrain
from sentiment_cli.workflows.probe import ProbeSettings, choose_probes, probe
from sentiment_cli.workflows.results import DryRun, SeedsResult, TrainResult
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
    "train",
    "train_seeds",
]
