"""Where is it kept what a search tried: a study of Optuna in a journal, which a kill at any moment leaves whole.

A trial is added with all of its values in one line, and what it came to is the last line about it: there is no moment
at which it is half there. One process writes at a time, see `locking`.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sentiment_cli.errors import RunError
from sentiment_cli.extras import require
from sentiment_cli.search.space import Setting, Values
from sentiment_cli.search.trial import trial_name

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.study import Study
    from optuna.trial import FrozenTrial
    from optuna.trial import Trial as OptunaTrial

_NAME = "sweep"


class StudyJournal:
    """A study and the file that it is kept in.

    Args:
        path: the file; it is made when missing, and cut to its last whole line.
        settings: what is searched over.
        maximizes: whether more is better.

    Raises:
        MissingExtraError: Optuna is not installed.
        RunError: the file is no journal, or one of another search.
    """

    def __init__(self, path: Path, settings: Sequence[Setting], *, maximizes: bool) -> None:
        optuna = load_optuna()
        self._settings = list(settings)
        _cut_to_whole_lines(path)
        backend = optuna.storages.journal.JournalFileBackend(str(path), lock_obj=_OurLock())
        try:
            self._storage = optuna.storages.JournalStorage(backend)
            self.study: Study = optuna.create_study(
                storage=self._storage, study_name=_NAME, direction=direction(maximizes), load_if_exists=True
            )
            trials = self.trials
        except Exception as error:  # Optuna has no error of its own for a damaged journal
            raise RunError(
                f"{path} cannot be read: {type(error).__name__}: {error}. Restore it, or search anew."
            ) from None
        keys = {setting.key for setting in settings}
        if any(set(trial.params) != keys for trial in trials):
            raise RunError(f"{path} is the journal of a search over other settings; restore it, or search anew.")

    @property
    def trials(self) -> list[FrozenTrial]:
        """All so far, in order."""
        return self.study.get_trials(deepcopy=False)

    def begin(self, values: Values) -> FrozenTrial:
        """Add a trial that is to run."""
        number = len(self.trials) + 1
        self.study.add_trial(make_trial(self._settings, values, user_attrs={"run": trial_name(number)}))
        return self.trials[-1]

    def report(self, trial: FrozenTrial, epoch: int, value: float) -> None:
        """Keep what one epoch came to; again for the same epoch is no harm."""
        self._storage.set_trial_intermediate_value(trial._trial_id, epoch, value)

    def finish(self, trial: FrozenTrial, value: float) -> None:
        """End a trial that came to something."""
        self.study.tell(trial.number, value)

    def prune(self, trial: FrozenTrial) -> None:
        """End a trial that was stopped."""
        self.study.tell(trial.number, state=load_optuna().trial.TrialState.PRUNED)

    def fail(self, trial: FrozenTrial, reason: str) -> None:
        """End a trial that came to nothing."""
        self._storage.set_trial_user_attr(trial._trial_id, "reason", reason)
        self.study.tell(trial.number, state=load_optuna().trial.TrialState.FAIL)


def load_optuna() -> Any:
    """Optuna, which writes no lines of its own then.

    Raises:
        MissingExtraError: it is not installed.
    """
    optuna = require("optuna", "A search over settings")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna


def direction(maximizes: bool) -> str:
    """Optuna's word for it."""
    return "maximize" if maximizes else "minimize"


def distributions(settings: Sequence[Setting]) -> dict[str, BaseDistribution]:
    """The settings as Optuna knows them; listed values are categories, by their texts."""
    kinds = load_optuna().distributions

    def make(setting: Setting) -> BaseDistribution:
        made: BaseDistribution
        if setting.choices:
            made = kinds.CategoricalDistribution(setting.choices)
        elif setting.is_whole:
            made = kinds.IntDistribution(round(setting.low), round(setting.high), log=setting.is_log)
        else:
            made = kinds.FloatDistribution(setting.low, setting.high, log=setting.is_log)
        return made

    return {setting.key: make(setting) for setting in settings}


def make_trial(settings: Sequence[Setting], values: Values, **more: Any) -> FrozenTrial:
    """A trial of Optuna's with these values, which runs unless ``more`` says otherwise."""
    trial = load_optuna().trial
    params = {setting.key: _param(setting, values[setting.key]) for setting in settings}
    options = {"state": trial.TrialState.RUNNING, **more}
    made: FrozenTrial = trial.create_trial(params=params, distributions=distributions(settings), **options)
    return made


def values_of(trial: FrozenTrial | OptunaTrial, settings: Sequence[Setting]) -> Values:
    """The values of a trial of Optuna's as texts."""
    return {
        setting.key: trial.params[setting.key] if setting.choices else setting.text(trial.params[setting.key])
        for setting in settings
    }


def copy_study(trials: Sequence[FrozenTrial], *, maximizes: bool, sampler: Any = None) -> Study:
    """A study in memory that knows these trials, for questions whose answers are not to be kept."""
    study: Study = load_optuna().create_study(direction=direction(maximizes), sampler=sampler)
    study.add_trials(trials)
    return study


@contextlib.contextmanager
def unwarned() -> Iterator[None]:
    """Without warnings of what Optuna calls experimental."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


class _OurLock:
    """Optuna's own would wait half a minute for that of a killed process; ours holds the whole sweep."""

    def acquire(self) -> bool:
        return True

    def release(self) -> None:
        pass


def _param(setting: Setting, text: str) -> str | float | int:
    if setting.choices:
        return text
    return int(text) if setting.is_whole else float(text)


def _cut_to_whole_lines(path: Path) -> None:
    """A process may have been killed within a line; Optuna would write the next one behind it."""
    if not path.exists():
        return
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        with path.open("r+b") as file:
            file.truncate(whole)
