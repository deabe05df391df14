"""Run the trials of a sweep by Ray Tune: the same study as on this machine, each training on a worker of a cluster."""

from __future__ import annotations

import os

from sentiment_cli.errors import RunError
from sentiment_cli.ray_cluster import RayWorkers, connected, last_line, node_cores, share_cores, shared_directory
from sentiment_cli.workflows.sweep_job import SweepJob

# How often a trial goes on elsewhere whose worker died.
_MOST_RESTARTS = 3
# Tune answers no Ctrl-C in our place, writes no tables of its own, and shows none: it would promise all of `_MANY`.
_ENVIRONMENT = {
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "RAY_AIR_NEW_OUTPUT": "0",
}
# More trials than there will be: the study says when it is over.
_MANY = 10**9


def drive_on_ray(workers: RayWorkers, job: SweepJob) -> str:
    """Run the trials on a cluster, whose machines all see the sweep's directory, until there are enough.

    Args:
        workers: where Ray runs; there are as many as the sweep has jobs.
        job: the sweep.

    Returns:
        Why it ended.

    Raises:
        RunError: there is no such cluster, Tune fails, or trial after trial failed.
        UsageError: it has fewer cores than there are jobs.
    """
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    place = RayWorkers(workers.address, job.search.jobs)
    with connected(place, "A search on a Ray cluster") as ray, shared_directory(place, job.sweep.path) as directory:
        from ray import tune

        from sentiment_cli.workflows.tune_search import METRIC, Follower, StudySearcher, StudyStopper, WorkerTraining

        _, cores = share_cores(node_cores(ray), job.search.jobs)
        job.progress.note(str(place))
        follower, on_gpu = Follower(job, cores), job.chooser.config.training.device.startswith("gpu")
        tuner = tune.Tuner(
            tune.with_resources(WorkerTraining, {"cpu": cores, "gpu": int(on_gpu)}),
            tune_config=tune.TuneConfig(
                search_alg=StudySearcher(follower),
                num_samples=_MANY,
                metric=METRIC,
                mode="max",
                trial_dirname_creator=str,
            ),
            run_config=tune.RunConfig(
                name="tune",
                storage_path=directory,
                stop=StudyStopper(follower),
                failure_config=tune.FailureConfig(max_failures=_MOST_RESTARTS),
                # A training saves itself; by default Tune asks for more at the end, and begins again where that fails.
                checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
                verbose=0,
            ),
        )
        try:
            tuner.fit()
        except tune.TuneError as error:
            raise RunError(f"Ray Tune failed: {last_line(error)}") from error
        if follower.error is not None:
            raise follower.error
    return follower.reason or "all trials done"
