"""Everything about a source that can be found out before TensorFlow is loaded."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from sentiment_cli.config.data import Data
from sentiment_cli.data.contents import ContentReport, Policy, check_contents
from sentiment_cli.data.directory import Layout, Part, find_layout, find_unlabelled
from sentiment_cli.data.splitting import review_groups
from sentiment_cli.errors import DataError
from sentiment_cli.importing.kept import source_root
from sentiment_cli.training.progress import Progress, Silent


@dataclass(frozen=True)
class PreparedData:
    """Reviews that can be read.

    Args:
        layout: their parts, classes and files, limited by ``data.limit``.
        report: what the files of the training part hold.
        test_report: likewise of the test part; None where there is none, or it is not wanted.
        fingerprint: SHA-256 of what decides the training part and its division: its files, the groups of its reviews
            where there are some, and the test part where copies of its reviews are left out.
        unlabelled: the reviews without labels, limited likewise; None where there are none, or they are not wanted.
        unlabelled_report: what their files hold.
    """

    layout: Layout
    report: ContentReport
    test_report: ContentReport | None
    fingerprint: str
    unlabelled: Part | None = None
    unlabelled_report: ContentReport | None = None

    @property
    def class_names(self) -> tuple[str, ...]:
        """In the order of the labels."""
        return self.layout.train.class_names

    @property
    def files(self) -> int:
        """Reviews of both parts."""
        return self.report.files + (self.test_report.files if self.test_report else 0)

    def notes(self, policy: Policy) -> list[str]:
        """What a user should know about."""
        reports = (self.report, self.test_report, self.unlabelled_report)
        return [*self.layout.notes, *(note for report in reports if report for note in report.notes(policy))]


def prepare_data(
    settings: Data,
    seed: int,
    *,
    root: Path | None = None,
    with_test: bool = True,
    with_unlabelled: bool = False,
    progress: Progress | None = None,
) -> PreparedData:
    """Find the reviews of a configuration and look into every file; a table is imported first.

    Args:
        settings: the ``data`` section.
        seed: of ``data.limit``.
        root: where the source was found before; None: look for it.
        with_test: look into the files of the test part, too; it is done in any case where copies of its reviews are
            left out of the training part.
        with_unlabelled: find the reviews of ``data.unlabelled`` and look into them, too.
        progress: told how far it is, and what a table was read as.

    Raises:
        ConfigError: keys for tables with a source that is none.
        DataError: the reviews are not there or cannot be used; every problem is in the message.
    """
    progress = progress or Silent()
    root = root or source_root(settings, progress)
    progress.phase("checking files")
    layout = find_layout(root, settings.classes)
    test = layout.test.limit(settings.limit, seed) if layout.test else None
    layout = replace(layout, train=layout.train.limit(settings.limit, seed), test=test)
    groups = review_groups(settings.validation_groups, layout.root, layout.train.paths)

    def looked_into(done: int) -> None:
        progress.advance(1000)

    report = check_contents(layout.train, progress=looked_into)
    test_report = (
        check_contents(test, progress=looked_into) if test and (with_test or settings.drop_duplicates) else None
    )
    unlabelled = find_unlabelled(layout.root, settings.unlabelled) if with_unlabelled else None
    unlabelled = unlabelled.limit(settings.limit, seed) if unlabelled else None
    unlabelled_report = check_contents(unlabelled, progress=looked_into) if unlabelled else None
    reports = (report, test_report, unlabelled_report)
    problems = [problem for found in reports if found for problem in found.problems(settings.encoding_errors)]
    if problems:
        raise DataError(f"{layout.root} cannot be used:\n" + "\n".join(f"  {problem}" for problem in problems))
    parts = [report.fingerprint]
    if groups is not None:
        parts.append(hashlib.sha256(groups.tobytes()).hexdigest())
    if settings.drop_duplicates and test_report:
        parts.append(test_report.fingerprint)
    fingerprint = parts[0] if len(parts) == 1 else hashlib.sha256("".join(parts).encode()).hexdigest()
    return PreparedData(layout, report, test_report, fingerprint, unlabelled, unlabelled_report)
