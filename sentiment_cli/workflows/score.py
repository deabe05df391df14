"""Score tables of reviews of any size into a directory of predictions; stopped or killed, the same call goes on."""

from __future__ import annotations

import functools
import hashlib
import json
import time
from collections.abc import Callable, Collection, Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sentiment_cli.atomic import check_can_be_made
from sentiment_cli.errors import DataError, Interrupted, shorten_list
from sentiment_cli.extras import require
from sentiment_cli.locking import locked
from sentiment_cli.ray_cluster import RayWorkers
from sentiment_cli.runs import Run, single_runs
from sentiment_cli.runtime import load_tensorflow
from sentiment_cli.scoring.blocks import Block, Source
from sentiment_cli.scoring.columns import find_columns
from sentiment_cli.scoring.inputs import find_files, fingerprint, open_input, stamp
from sentiment_cli.scoring.manifest import BadRows, Output, Task
from sentiment_cli.scoring.parts import PartForm, write_part
from sentiment_cli.scoring.settings import ScoreSettings
from sentiment_cli.training.checkpoints import Checkpoints
from sentiment_cli.training.interruption import StopRequest
from sentiment_cli.training.progress import Progress, Silent
from sentiment_cli.workflows.record import (
    check_has_model,
    network_note,
    network_records,
    read_config,
    scoring_network,
)

if TYPE_CHECKING:
    import numpy as np

    from sentiment_cli.workflows.classifier import Scorer

# A block, with the probabilities of its reviews where they were asked for.
Scored = tuple[Block, "np.ndarray | None"]
Engine = Callable[[Source, Collection[int]], Generator[Scored]]


@dataclass(frozen=True)
class ScoreResult:
    """What a scoring came to.

    Args:
        output: the directory.
        rows: reviews that have a prediction.
        bad_rows: rows that have none.
        parts: files of predictions.
        kept: reviews whose predictions were there from an earlier call.
        labels: how many reviews of each class.
        seconds: from the first review that was read to the last that was written, in this call.
    """

    output: Path
    rows: int
    bad_rows: int
    parts: int
    kept: int
    labels: dict[str, int]
    seconds: float

    @property
    def reviews_per_second(self) -> float:
        """Of this call; 0 where there was nothing left to do."""
        return (self.rows - self.kept) / self.seconds if self.seconds else 0.0

    def to_dict(self) -> dict[str, Any]:
        """The result of ``predict --output … --json``."""
        return {
            "output": str(self.output),
            "rows": self.rows,
            "bad_rows": self.bad_rows,
            "parts": self.parts,
            "kept": self.kept,
            "labels": self.labels,
            "seconds": self.seconds,
            "reviews_per_second": self.reviews_per_second,
        }


def score(
    run: Run,
    inputs: Sequence[Path],
    directory: Path,
    settings: ScoreSettings | None = None,
    *,
    workers: RayWorkers | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> ScoreResult:
    """Predict every review of tables. The files that are left are the same however often it was stopped, and where.

    Memory holds a block of `ScoreSettings.part_rows` reviews or two, whatever the size of the inputs.

    Args:
        run: a run with a finished epoch, or a finished group of seeds, whose networks predict together.
        inputs: tables, and directories of them.
        directory: where the predictions go; what an unbroken call would have left there is left alone.
        settings: how tables are read and predictions written; None: as they are by default.
        workers: of a Ray cluster; None: this process alone.
        force: replace the predictions of something else; what no scoring has left is not replaced.
        progress: told what happens; None: nobody is.

    Raises:
        RunError: the run is not complete, the directory holds something else, or another process writes it.
        DataError: an input cannot be read, has no column of texts, or was changed meanwhile.
        UsageError: the directory and the inputs lie in each other.
        MissingExtraError: a library for the form of a file, or Ray, is not installed.
        Interrupted: a signal came; parts that are whole stay.
    """
    progress, settings, output = progress or Silent(), settings or ScoreSettings(), Output(directory)
    with StopRequest(progress.note):
        try:
            note = _check(run, settings, workers, directory)
            if note:
                progress.note(note)
            files = find_files(inputs, directory)
            stamps = list(map(stamp, files))
            task, source = _look_at(run, files, settings, workers is not None, progress)
            if force:
                output.check_ours()
            else:
                output.check(task)
            with locked(output.lock_path):
                engine = _watching(stamps, task, output, _engine(run, workers, settings.with_text))
                return _score(task, source, output, engine, force, progress)
        except Interrupted as stop:
            message = f"Stopped. {output.rows:,} reviews are scored; the same command goes on."
            raise Interrupted(message, exit_code=stop.exit_code) from None


def build_block_scorer(scorer: Scorer) -> Callable[[Block], np.ndarray]:
    """A function from a block to its reviews' probabilities float32[n, classes], which depend on none but them."""
    import numpy as np

    from sentiment_cli.evaluation.metrics import compute_probabilities
    from sentiment_cli.text.vectorizer import build_encoder

    encode = build_encoder(scorer.config.text, scorer.vocabulary)

    def score_block(block: Block) -> np.ndarray:
        token_ids = encode([review.text for review in block.reviews], None)
        return compute_probabilities(scorer.score(token_ids, Silent())).astype(np.float32)

    return score_block


def load(run: Run) -> Scorer:
    """The network of a run, or of a group of seeds, to predict any text; it loads TensorFlow.

    Args:
        run: the run or the group.

    Raises:
        RunError: a file of the run is missing or damaged.
    """
    load_tensorflow()
    from sentiment_cli.runtime import choose_device, evaluation_device
    from sentiment_cli.workflows.ensemble import load_scorer

    config = read_config(run, run.read_record())
    return load_scorer(run, config, choose_device(evaluation_device(config)))


def model_digest(run: Run) -> str:
    """What tells the network of a run, or the networks of a group, from others: of their files, without TensorFlow.

    Raises:
        RunError: there are no weights.
    """
    digest = hashlib.sha256()
    for single in single_runs([run]):
        record = single.read_record()
        kept = single.refit if scoring_network([record], None) == "refit" else single
        known = {name: record.get(name) for name in ("config", "class_names", "vocabulary")}
        digest.update(json.dumps(known, sort_keys=True).encode())
        digest.update(Checkpoints(kept.checkpoints_dir).best_digest().encode())
    return digest.hexdigest()


def _check(run: Run, settings: ScoreSettings, workers: RayWorkers | None, directory: Path) -> str | None:
    """Everything that can fail early; returns what the user should know about the networks."""
    record = run.read_record()
    read_config(run, record)
    check_has_model(run, record)
    if settings.form == "parquet":
        require("pyarrow.parquet", "Writing Parquet files (--format csv and jsonl need nothing)")
    if workers is not None:
        require("ray", "--ray")
    check_can_be_made(directory)
    return network_note(network_records(run), None)


def _look_at(
    run: Run, files: Sequence[Path], settings: ScoreSettings, elsewhere: bool, progress: Progress
) -> tuple[Task, Source]:
    """The inputs, opened, and what decides the output; another process, which may read them, has another directory."""
    tables = []
    for path in files:
        place = path.absolute() if elsewhere else path
        table = open_input(place, encoding=settings.encoding, delimiter=settings.delimiter, header=settings.header)
        tables.append(table)
        for message in dict.fromkeys(table.notes):
            progress.note(f"{path}: {message}")
        for message in table.warnings:
            progress.warn(f"{path}: {message}")
    columns = [find_columns(one.columns, settings.text, settings.id, str(one.path)) for one in tables]
    for told in dict.fromkeys(at.describe(one.columns) for one, at in zip(tables, columns, strict=True)):
        progress.note(f"Columns: {told}")
    for path, one, at in zip(files, tables, columns, strict=True):
        if settings.text is None and settings.header and (doubt := at.doubt(one.columns)):
            progress.warn(f"{path}: {doubt}")
    progress.phase("reading the inputs")
    found = tuple(map(fingerprint, files))
    names = tuple(map(str, single_runs([run])[0].read_record().get("class_names") or ()))
    task = Task(str(run.path), model_digest(run), names, found, settings)
    return task, Source(tables, columns, [one.bytes for one in found], settings.part_rows)


def _score(task: Task, source: Source, output: Output, engine: Engine, force: bool, progress: Progress) -> ScoreResult:
    if force:
        output.clear()
    else:
        output.check(task)
        output.find_kept()
        task = output.with_known_names(task)
    kept = output.rows
    if output.is_finished():
        labels = output.labels(task)
        return ScoreResult(output.directory, kept, output.counted_bad_rows(), len(output.kept), kept, labels, 0.0)
    if kept:
        parts = f"{len(output.kept):,} {'part' if len(output.kept) == 1 else 'parts'}"
        progress.note(f"{kept:,} reviews in {parts} are scored already")
    output.begin(task)
    names = tuple(one.file for one in task.inputs)
    has_ids = any(columns.id is not None for columns in source.columns)
    form = PartForm(task.settings.form, task.class_names, names, has_ids, task.settings.with_text)
    started = time.perf_counter()
    with output.bad_rows(names) as bad_rows, closing(engine(source, frozenset(output.kept))) as scored:
        _write_all(scored, output, form, bad_rows, progress)
    output.finish(task, bad_rows.count)
    seconds = time.perf_counter() - started
    labels = output.labels(task)
    return ScoreResult(output.directory, output.rows, bad_rows.count, len(output.kept), kept, labels, seconds)


def _write_all(scored: Iterable[Scored], output: Output, form: PartForm, bad_rows: BadRows, progress: Progress) -> None:
    for index, (block, probabilities) in enumerate(scored):
        if index == 0:
            progress.phase("scoring", round(len(block.reviews) / max(block.share, 1e-9)))
        if probabilities is not None:
            output.add(write_part(output.directory, form, block, probabilities))
        bad_rows.add(block.bad if block.number is None else output.kept[block.number].bad_rows(block))
        progress.advance(len(block.reviews))


def _engine(run: Run, workers: RayWorkers | None, with_text: bool) -> Engine:
    if workers is None:
        return functools.partial(_scored_here, functools.cache(lambda: build_block_scorer(load(run))))
    from sentiment_cli.workflows.ray_scoring import scored_by_ray

    return functools.partial(scored_by_ray, run, workers, with_text)


def _watching(stamps: Sequence[tuple[int, int] | None], task: Task, output: Output, engine: Engine) -> Engine:
    """An engine that forgets what it did, and raises a DataError at the end, where an input has other bytes then."""
    known = [(Path(one.file), before, one.sha256) for before, one in zip(stamps, task.inputs, strict=True)]

    def scored(source: Source, done: Collection[int]) -> Generator[Scored]:
        with closing(engine(source, done)) as blocks:
            yield from blocks
        touched = [(path, sha256) for path, before, sha256 in known if stamp(path) not in (before, None)]
        changed = [str(path) for path, sha256 in touched if fingerprint(path).sha256 != sha256]
        if changed:
            output.forget()
            raise DataError(f"{shorten_list(changed)}: changed while it was scored. Once it stays as it is: --force")

    return scored


def _scored_here(
    scorer: Callable[[], Callable[[Block], np.ndarray]], source: Source, done: Collection[int]
) -> Generator[Scored]:
    """Each block, scored in this process unless its part is done; the network is loaded when it is needed."""
    for block in source.blocks():
        wanted = block.number is not None and block.number not in done
        yield block, scorer()(block) if wanted else None
