"""What Ray Tune asks of a sweep: the next trial, a training on a worker, and whether one is to stop.

Tune is told which trial comes next by a `Searcher` on the sweep's own study of Optuna. Its `OptunaSearch` has a sampler
whose state is a matter of who was asked when, and knows none of the trials that a killed search left under way: neither
a search that is gone on with nor one on this machine would come to the same trials.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

from ray import tune
from ray.tune.search import Searcher

from sentiment_cli.cores import claim_cores
from sentiment_cli.run_sets import Sweep
from sentiment_cli.search.plan import SearchPlan
from sentiment_cli.workflows.sweep_job import SweepJob
from sentiment_cli.workflows.trial_training import Standing, TrialTraining
from sentiment_cli.workflows.trials import ActiveTrial, TrialEnd

# Seconds between two looks at a training on its worker, and the longest between two results.
_LOOK, _LONGEST = 0.2, 2.0
# Tune wants one; which trial is best is a matter of the sweep.
METRIC = "epochs"


class WorkerTraining(tune.Trainable):
    """A training on a worker; one result for each time that there are more epochs, or after two seconds."""

    def setup(self, config: dict[str, Any]) -> None:
        """Begin it, or go on where another worker left it.

        Args:
            config: of `Follower.begin`.
        """
        claim_cores(config["cores"])
        sweep, plan = Sweep(config["sweep"]), SearchPlan.from_dict(config["plan"])
        self._training = TrialTraining(sweep, plan, config["name"], config["values"])
        self._training.begin()
        self._told = -1

    def step(self) -> dict[str, Any]:
        """How it stands; Tune ends the worker where that is over."""
        end = time.monotonic() + _LONGEST
        standing = self._training.look()
        while not standing.is_over and len(standing.history) == self._told and time.monotonic() < end:
            time.sleep(_LOOK)
            standing = self._training.look()
        self._told = len(standing.history)
        return {"standing": standing, METRIC: self._told, "done": standing.is_over}

    def cleanup(self) -> None:
        """Let it save what it did, and wait for that."""
        self._training.stop()
        while not self._training.look().is_over:
            time.sleep(_LOOK)


class RemoteTraining:
    """What a trial is told of its training on a worker; Tune begins and ends that."""

    def __init__(self) -> None:
        self.standing = Standing()

    def look(self) -> Standing:
        """How it stood when it last told of itself."""
        return self.standing

    def begin(self) -> None:
        """Nothing."""

    def stop(self) -> None:
        """Nothing: Tune is told with the answer to its next result."""

    def kill(self) -> None:
        """Nothing."""


class Follower:
    """Keeps a sweep's study by what Tune tells.

    What goes wrong here (a disk is full, trial after trial fails) ends all trainings, saved, and is kept in `error`:
    Tune would make a text of it, or a failure of a trial.

    Args:
        job: the sweep.
        cores: of each worker.
    """

    def __init__(self, job: SweepJob, cores: int) -> None:
        self.reason: str | None = None
        self.error: Exception | None = None
        self._job, self._cores = job, cores
        self._trials: dict[str, tuple[ActiveTrial, RemoteTraining]] = {}

    def begin(self, trial_id: str) -> dict[str, Any] | None:
        """The task of the next worker; None: there is none, as `reason` says, or others are waited for.

        Args:
            trial_id: what Tune calls the trial.
        """
        with self._errors_kept():
            return self._begin(trial_id) if self.error is None else None
        return None

    def _begin(self, trial_id: str) -> dict[str, Any] | None:
        job = self._job
        chosen = job.reason_to_stop or job.next_trial()
        if chosen is None or isinstance(chosen, str):
            self.reason = chosen
            return None
        training = RemoteTraining()
        active = ActiveTrial(job.search, chosen, training)
        self._trials[trial_id] = active, training
        job.begin(active)
        job.poll(active)
        return {
            "sweep": job.sweep.path.absolute(),
            "plan": job.search.plan.to_dict(),
            "name": active.name,
            "values": active.values,
            "cores": self._cores,
        }

    def tell(self, trial_id: str, standing: Standing) -> bool:
        """Keep how a training stands; returns whether it is to end, if it has not."""
        active, training = self._trials[trial_id]
        training.standing = standing
        with self._errors_kept():
            if active in self._job.active and self._job.poll(active) is None and active.is_behind:
                self._job.end(active, TrialEnd("pruned"))
        return active not in self._job.active

    def fail(self, trial_id: str) -> None:
        """Keep that a training cannot go on: its worker failed or died more often than is put up with."""
        active, _ = self._trials[trial_id]
        if active in self._job.active:
            path = self._job.sweep.log_path(active.name)
            with self._errors_kept():
                self._job.end(active, TrialEnd("failed", reason=f"its workers failed; see {path}"))

    def is_over(self) -> bool:
        """Whether all are to end now; asked again and again."""
        with self._errors_kept():
            self._job.keep_time()
        self.reason = self._job.reason_to_stop or self.reason
        return self.error is not None or self._job.reason_to_stop is not None

    @contextlib.contextmanager
    def _errors_kept(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self.error = self.error or error
            self.reason = "failed"  # no further trial is waited for


class _Uncopied:
    """What Tune keeps in files is of no use, and holds locks: a sweep is gone on with by its own files."""

    def __init__(self, follower: Follower) -> None:
        self._follower = follower

    def __deepcopy__(self, memory: dict[int, Any]) -> Any:
        return self

    def __reduce__(self) -> Any:
        return object, ()


class StudySearcher(_Uncopied, Searcher):
    """Tells Tune of the trials.

    Args:
        follower: who chooses them.
    """

    def __init__(self, follower: Follower) -> None:
        Searcher.__init__(self, metric=METRIC, mode="max")
        _Uncopied.__init__(self, follower)

    def suggest(self, trial_id: str) -> Any:
        """The task of the next worker."""
        task = self._follower.begin(trial_id)
        return Searcher.FINISHED if task is None and self._follower.reason is not None else task

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """Where it went well, `StudyStopper` knows already."""
        if error:
            self._follower.fail(trial_id)

    def save(self, checkpoint_path: str) -> None:
        """Nothing: the study has a file of its own."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing."""


class StudyStopper(_Uncopied, tune.Stopper):
    """Tells Tune what is to stop.

    Args:
        follower: who knows.
    """

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        """Whether a training that told how it stands is to end."""
        return self._follower.tell(trial_id, result["standing"])

    def stop_all(self) -> bool:
        """Whether all are."""
        return self._follower.is_over()
