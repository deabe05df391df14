"""Write a trained network for other programs, open it by their own runtime, and hold it against the run."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sentiment_cli.atomic import (
    cannot_move,
    check_can_be_made,
    remove_temporaries,
    replacing_directory,
    settle,
    write_json,
    write_text,
)
from sentiment_cli.config import Config
from sentiment_cli.errors import RunError, UsageError
from sentiment_cli.exports.guide import EXAMPLES, write_page
from sentiment_cli.exports.layout import (
    EXAMPLE_FILE,
    FORMAT_VERSION,
    README_FILE,
    ExportDirectory,
    Format,
    describe_interface,
)
from sentiment_cli.extras import require, version_of
from sentiment_cli.locking import locked
from sentiment_cli.runs import Run
from sentiment_cli.runtime import describe_environment, load_tensorflow
from sentiment_cli.training.interruption import StopRequest
from sentiment_cli.training.progress import Progress, Silent
from sentiment_cli.workflows.record import (
    check_has_model,
    network_note,
    network_records,
    now,
    read_config,
    scoring_network,
)

if TYPE_CHECKING:
    from sentiment_cli.exports.latency import Latency
    from sentiment_cli.workflows.classifier import Scorer

# Libraries whose versions say what can open an export.
_LIBRARIES: dict[Format, tuple[str, ...]] = {"saved_model": ("tensorflow", "keras"), "onnx": ("onnx", "onnxruntime")}
REVIEWS = 1_000


@dataclass(frozen=True)
class ExportSettings:
    """How a network is exported.

    Args:
        form: the format.
        quantize: keep weights in 8 bits; ``onnx`` only.
        reviews: how many it is checked on; None: 1,000, and with ``quantize`` all that there are.
        measure: time it, beside the run itself.
        force: replace another export.
    """

    form: Format
    quantize: bool = False
    reviews: int | None = None
    measure: bool = False
    force: bool = False

    @property
    def reviews_checked(self) -> int | None:
        """At most so many; None: all."""
        return self.reviews or (None if self.quantize else REVIEWS)


@dataclass(frozen=True)
class ExportResult:
    """What was written and what its check came to.

    Args:
        run: the run.
        directory: where the files are.
        record: what ``export.json`` says.
        files: bytes by name.
        latencies: seconds by what was timed; empty: it was not asked for.
    """

    run: Run
    directory: ExportDirectory
    record: dict[str, Any]
    files: dict[str, int]
    latencies: dict[str, Latency] = field(default_factory=dict)

    @property
    def size_bytes(self) -> int:
        """Of all files together."""
        return sum(self.files.values())

    def to_dict(self) -> dict[str, Any]:
        """The object of ``export --json``."""
        keys = ("format", "quantized", "network", "networks", "class_names", "check")
        figures = {key: self.record[key] for key in keys}
        times = {name: latency.to_dict() for name, latency in self.latencies.items()}
        place = {"run": str(self.run.path), "directory": str(self.directory.path)}
        return {**place, **figures, "files": self.files, "size_bytes": self.size_bytes, "latency": times or None}


def export(
    run: Run, settings: ExportSettings, target: Path | None = None, *, progress: Progress | None = None
) -> ExportResult:
    """Export the network that predicts new texts, or those of a group of seeds as one.

    Args:
        run: a run with a finished epoch, or a finished group of seeds.
        settings: the format, and how it is checked.
        target: the directory; None: ``exports/<format>`` in the run.
        progress: told what happens; None: nobody is.

    Raises:
        MissingExtraError: the format needs a library that is not installed.
        RunError: the run is not complete, the directory is in the way, or the export is not equal to the run.
        UsageError: the format cannot be had so.
    """
    progress = progress or Silent()
    directory = ExportDirectory(target or run.export_dir(_default_name(settings)))
    _check_settings(settings)
    config = read_config(run, run.read_record())
    check_has_model(run, run.read_record())
    check_export_free(directory, force=settings.force)
    note = network_note(network_records(run), None)
    if note:
        progress.note(note)
    with contextlib.ExitStack() as held:
        held.enter_context(StopRequest(progress.note))
        if target is None:  # below the run, whose best epoch must not become another one meanwhile
            held.enter_context(locked(run.lock_path))
            remove_temporaries(directory.path.parent, deep=False)
        load_tensorflow()
        return _export(run, config, settings, directory, progress)


def check_export_free(directory: ExportDirectory, *, force: bool) -> None:
    """Raise a RunError where an export cannot have this directory, and an OSError where none could be made there."""
    path = directory.path
    if not path.exists():
        settle(path)
    if path.exists() and not (path.is_dir() and (directory.is_export or not any(path.iterdir()))):
        raise RunError(f"{path} exists and is no export. Choose another directory with -o.")
    if directory.is_export and not force:
        raise RunError(f"{path} exists. Replace it with --force, or choose another directory with -o.")
    if cannot_move(path):
        raise RunError(
            f"{path} is a directory that cannot be replaced: the working directory, or a mount point. Choose one below "
            "it with -o."
        )
    check_can_be_made(path)


def _default_name(settings: ExportSettings) -> str:
    return f"{settings.form}-int8" if settings.quantize else settings.form


def _check_settings(settings: ExportSettings) -> None:
    if settings.quantize and settings.form == "saved_model":
        raise UsageError(
            "--quantize: TensorFlow computes recurrent layers in 32 bits alone, outside of TensorFlow Lite, so that a "
            "SavedModel would lose accuracy and gain no speed. Expected --format onnx with it."
        )
    if settings.form == "onnx":
        require("onnx", "Writing ONNX files")
        require("onnxruntime", "Opening ONNX files, to check them,")


def _export(
    run: Run, config: Config, settings: ExportSettings, directory: ExportDirectory, progress: Progress
) -> ExportResult:
    """Write into a temporary directory, check what is there, and let it take its place."""
    from sentiment_cli.runtime import choose_device
    from sentiment_cli.workflows.ensemble import load_scorer
    from sentiment_cli.workflows.export_check import check_export, find_texts, measure_all

    progress.phase("loading the network")
    # On a GPU, Keras would take layers that run nowhere else.
    scorer = load_scorer(run, config, choose_device("cpu"))
    with replacing_directory(directory.path) as temporary:
        unfinished = ExportDirectory(temporary)
        progress.phase("writing")
        _write_network(unfinished, scorer, settings)
        texts = find_texts(run, scorer, settings.reviews_checked, progress)
        check = check_export(unfinished, scorer, settings.form, texts, progress, is_exact=not settings.quantize)
        latencies = measure_all(unfinished, run, scorer, settings.form, texts, progress) if settings.measure else {}
        record = {**_describe(run, config, scorer, settings), "check": check}
        write_text(temporary / EXAMPLE_FILE, EXAMPLES[settings.form])
        write_text(temporary / README_FILE, write_page(record))
        write_json(unfinished.record_path, record)
        check_export_free(directory, force=settings.force)  # minutes have passed
    return ExportResult(run, directory, record, directory.file_sizes(), latencies)


def _write_network(directory: ExportDirectory, scorer: Scorer, settings: ExportSettings) -> None:
    from sentiment_cli.workflows.attribution import members

    networks = [member.network for member in members(scorer)]
    texts = scorer.config, scorer.vocabulary, scorer.class_names
    if settings.form == "saved_model":
        from sentiment_cli.exports.saved_model import write_saved_model

        write_saved_model(directory.path, *texts, networks)
    else:
        from sentiment_cli.exports.onnx_files import write_onnx_files

        write_onnx_files(directory, *texts, networks, quantize=settings.quantize)


def _describe(run: Run, config: Config, scorer: Scorer, settings: ExportSettings) -> dict[str, Any]:
    """What ``export.json`` says but for the check."""
    from sentiment_cli.workflows.attribution import members

    records = network_records(run)
    environment = describe_environment()
    versions = {name: version_of(name) for name in _LIBRARIES[settings.form]}
    return {
        "format_version": FORMAT_VERSION,
        "format": settings.form,
        "quantized": settings.quantize,
        "run": run.name,
        "network": scoring_network(records, None) if config.training.refit else "best epoch",
        "networks": len(members(scorer)),
        "trained_by": {key: records[0].get(key) for key in ("started", "commit")},
        "exported": now(),
        "commit": environment["commit"],
        "versions": {"python": environment["versions"]["python"], **versions},
        "class_names": list(scorer.class_names),
        **describe_interface(settings.form, len(scorer.class_names)),
    }
