"""Score the blocks of tables by Ray Data: the same blocks as in one process, by several that each hold the network.

One task on this machine reads the inputs and cuts them; a pool of actors scores; this process writes, in order.
"""

from __future__ import annotations

import contextlib
import logging
import pickle
from collections.abc import Collection, Generator, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sentiment_cli.cores import claim_cores
from sentiment_cli.errors import RunError, SentimentError
from sentiment_cli.ray_cluster import RayWorkers, connected, last_line, node_cores, share_cores, this_node
from sentiment_cli.runs import Run
from sentiment_cli.scoring.blocks import Block, Source
from sentiment_cli.workflows.score import Scored, build_block_scorer, load, model_digest

if TYPE_CHECKING:
    import numpy as np

# Bytes of blocks that Ray holds at once: so many blocks for each worker, at 2,000 bytes a review, and no fewer bytes.
_BLOCKS, _REVIEW_BYTES, _LEAST_BYTES = 4, 2_000, 200_000_000


def scored_by_ray(
    run: Run, workers: RayWorkers, with_text: bool, source: Source, done: Collection[int]
) -> Generator[Scored]:
    """Each block, in order, scored unless its part is done.

    Args:
        run: whose directory every machine of the cluster sees under the same path.
        workers: who scores.
        with_text: give the texts back as well, which are most of what is sent.
        source: read on this machine.
        done: numbers of blocks that are not scored.

    Raises:
        UsageError: there are fewer cores than workers, or the address is that of a client.
        RunError: there is no such cluster, a worker has another run under that path, or Ray fails.
        DataError: an input cannot be read on.
    """
    with connected(workers, "Scoring on a Ray cluster") as ray, _own_errors(ray):
        count, cores = share_cores(node_cores(ray), workers.count)
        run = replace(run, path=run.path.resolve())
        for row in _scored_rows(ray, (run, model_digest(run), cores, with_text), count, source, done):
            block, probabilities = pickle.loads(row["scored"])
            yield block, probabilities


class BlockScorer:
    """An actor that holds the network of a run and scores blocks.

    Args:
        run: with an absolute path.
        model: its digest on the machine where the command was given.
        cores: of its machine that it uses.
        with_text: give the texts of blocks back as well.

    Raises:
        RunError: there is another run under that path here, or none.
    """

    def __init__(self, run: Run, model: str, cores: int, with_text: bool) -> None:
        if model_digest(run) != model:
            raise RunError(f"{run.path} is another run on a worker's machine; every machine has to see the same one.")
        claim_cores(cores)
        self._score_block, self._with_text = build_block_scorer(load(run)), with_text

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Score the blocks of a batch: ``block`` holds them pickled, ``wanted`` says which."""
        pairs = zip(batch["block"], batch["wanted"], strict=True)
        return {"scored": [pickle.dumps(self._score(pickle.loads(block), bool(wanted))) for block, wanted in pairs]}

    def _score(self, block: Block, wanted: bool) -> tuple[Block, np.ndarray | None]:
        probabilities = self._score_block(block) if wanted else None
        return block if self._with_text else block.without_texts(), probabilities


def _scored_rows(
    ray: Any, actor: tuple[Run, str, int, bool], workers: int, source: Source, done: Collection[int]
) -> Iterator[dict[str, Any]]:
    from ray.data import ActorPoolStrategy, DataContext, ExecutionResources

    logging.getLogger("ray.data").setLevel(logging.ERROR)

    def read(_: Any) -> Iterator[dict[str, Any]]:
        for block in source.blocks():
            wanted = block.number is not None and block.number not in done
            yield {"block": [pickle.dumps(block if wanted else block.without_texts())], "wanted": [wanted]}

    context = DataContext.get_current().copy()
    context.enable_progress_bars = False
    context.target_max_block_size = 1  # Ray puts rows together up to here; each is a block of ours
    context.execution_options.preserve_order = True
    context.execution_options.resource_limits = ExecutionResources(
        object_store_memory=max((workers + 1) * _BLOCKS * source.part_rows * _REVIEW_BYTES, _LEAST_BYTES)
    )
    with DataContext.current(context):
        # Without cores of its own, for the workers may take all.
        blocks = ray.data.from_items([0]).map_batches(read, num_cpus=0, resources={this_node(ray): 0.001})
        pool = ActorPoolStrategy(size=workers)
        scored = blocks.map_batches(
            BlockScorer, fn_constructor_args=actor, batch_size=1, num_cpus=actor[2], compute=pool
        )
        yield from scored.iter_rows()


@contextlib.contextmanager
def _own_errors(ray: Any) -> Iterator[None]:
    """Give what a worker raised as it was raised there."""
    try:
        yield
    except ray.exceptions.RayError as error:
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, SentimentError):
            cause = getattr(cause, "cause", None) or cause.__cause__ or cause.__context__
        if cause is not None:
            raise cause from None
        raise RunError(f"A worker of the cluster failed: {last_line(error)}") from error
