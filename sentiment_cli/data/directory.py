"""What lies in a directory of reviews: its parts, classes and files, and whether it can be used.

Two layouts are known: ``DIR/train/<class>/*.txt`` with ``DIR/test/<class>/*.txt`` beside it, and
``DIR/<class>/*.txt``. Only names are looked at here; what is in the files is for `contents`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from sentiment_cli.errors import DataError, shorten_list, suggest
from sentiment_cli.resources import expand_path

NEVER_CLASSES = ("unsup", "__MACOSX")


@dataclass(frozen=True)
class Part:
    """The reviews below one directory.

    Args:
        root: the data root; `paths` are relative to it.
        directory: the directory that holds the class directories.
        class_names: in the order of their labels.
        paths: one for each review, with ``/``, in the order of ``keras.utils.text_dataset_from_directory``
            with ``shuffle=False``: by class, then by directory and name.
        labels: int32[n], the class of each path.
        positions: int64[n], where each path stands in Keras' listing, which also has the hidden files.
    """

    root: Path
    directory: Path
    class_names: tuple[str, ...]
    paths: tuple[str, ...]
    labels: np.ndarray
    positions: np.ndarray

    def counts(self) -> dict[str, int]:
        """The number of reviews of each class."""
        numbers = np.bincount(self.labels, minlength=len(self.class_names))
        return dict(zip(self.class_names, numbers.tolist(), strict=True))

    def take(self, indices: np.ndarray) -> Part:
        """The part with only these reviews, in this order."""
        paths = tuple(self.paths[index] for index in indices)
        return replace(self, paths=paths, labels=self.labels[indices], positions=self.positions[indices])

    def limit(self, most: int | None, seed: int) -> Part:
        """At most ``most`` reviews of each class, drawn without replacement; the order is kept."""
        if most is None:
            return self
        rng = np.random.default_rng([seed, most])
        chosen = []
        for label in range(len(self.class_names)):
            members = np.flatnonzero(self.labels == label)
            chosen.append(np.sort(rng.permutation(members)[:most]))
        return self.take(np.concatenate(chosen))


@dataclass(frozen=True)
class Layout:
    """A directory of reviews.

    Args:
        root: the directory itself.
        train: its training part, or all of it where it has no parts.
        test: its test part, or None where it has none.
        notes: what a user should know about: what was left out.
    """

    root: Path
    train: Part
    test: Part | None
    notes: list[str] = field(default_factory=list)


def find_layout(root: Path, classes: Sequence[str] | None = None) -> Layout:
    """Find the parts, classes and files of a directory of reviews.

    Args:
        root: the directory.
        classes: exactly these, in this order; None: all that are found in the training part, sorted by name.

    Raises:
        DataError: the directory cannot be used for training; every problem that could be found is in the message.
    """
    check_root(root)
    findings = _Findings()
    has_parts = (root / "train").is_dir()
    if not has_parts and (root / "test").is_dir():
        raise DataError(
            f"{root} has a test directory and no train directory beside it; expected both, or class directories."
        )
    train_dir, test_dir = (root / "train", root / "test") if has_parts else (root, root)
    if has_parts:
        beside = [name for name in class_directories(root) if name not in ("train", "test")]
        findings.note_left_out(root, beside, "beside train and test, left out")
    names = _class_names(train_dir, classes, findings)
    train = _list_part(root, train_dir, names, findings)
    test = None
    if has_parts and test_dir.is_dir():
        _compare_classes(test_dir, names, classes, findings)
        test = _list_part(root, test_dir, [name for name in names if (test_dir / name).is_dir()], findings)
    findings.raise_problems(root)
    return Layout(root, train, test, findings.notes)


def find_other_part(root: Path, class_names: Sequence[str]) -> tuple[Part, list[str]]:
    """The reviews of other data on which a run with these classes is evaluated.

    Its test part, or all of it where it has none. Classes are matched by name: what the run does not know is
    left out, what the data do not have is missing; both at once means that the names differ.

    Returns:
        The part, its labels being those of ``class_names``, and notes for the user.

    Raises:
        DataError: no class of the run is there, or the names differ.
    """
    check_root(root)
    directory = root / "test" if (root / "test").is_dir() else root
    found = class_directories(directory)
    present = [name for name in class_names if name in found]
    missing = [name for name in class_names if name not in found]
    unknown = [name for name in found if name not in class_names]
    if not present or (missing and unknown):
        raise DataError(
            f"{directory} has the classes {shorten_list(found) or 'none'}; the run knows {shorten_list(class_names)}. "
            "Classes are matched by name: rename the directories."
        )
    findings = _Findings()
    if unknown:
        findings.notes.append(f"{directory}: left out, the run does not know them: {shorten_list(unknown)}")
    if missing:
        findings.notes.append(f"{directory}: no reviews of {shorten_list(missing)}")
    part = _list_part(root, directory, present, findings)
    findings.raise_problems(root)
    to_run = np.array([list(class_names).index(name) for name in present], dtype=np.int32)
    return replace(part, class_names=tuple(class_names), labels=to_run[part.labels]), findings.notes


def find_unlabelled(root: Path, setting: str | None) -> Part | None:
    """The reviews without labels that a configuration means.

    Args:
        root: the data root.
        setting: ``data.unlabelled``: ``auto``, a directory, or None.

    Returns:
        A part of one class, or None where there are none.

    Raises:
        DataError: the directory is not there, or has no .txt file.
    """
    if setting is None:
        return None
    directory = root / "train" / "unsup" if setting == "auto" else expand_path(setting)
    if setting == "auto" and not directory.is_dir():
        return None
    if not directory.is_dir():
        raise DataError(f"{setting} (data.unlabelled) is not a directory (looked from {Path.cwd()}).")
    files = tuple(file for file in list_files(directory) if not is_hidden(file))
    if not files:
        raise DataError(f"{directory} (data.unlabelled) has no .txt file; expected one for each review.")
    zeros = np.zeros(len(files), np.int32)
    return Part(directory, directory, ("unlabelled",), files, zeros, np.arange(len(files), dtype=np.int64))


def check_root(root: Path) -> None:
    """Raise a DataError unless ``root`` is a directory that holds directories."""
    if not is_unicode(str(root)):
        raise DataError(f"{str(root)!a} is not a name in UTF-8, which TensorFlow needs; rename the directory.")
    if not root.is_dir():
        kind = "is not a directory" if root.exists() else "does not exist"
        raise DataError(f"{root} {kind}; expected a directory with one directory of .txt reviews for each class.")
    try:
        entries = [entry for entry in root.iterdir() if not entry.name.startswith(".")]
    except OSError as error:
        raise DataError(f"{root} cannot be read: {error.strerror}.") from None
    if not entries:
        raise DataError(f"{root} is empty; expected one directory of .txt reviews for each class.")
    if not any(entry.is_dir() for entry in entries):
        texts = sum(entry.suffix.lower() == ".txt" for entry in entries)
        raise DataError(
            f"{root} is flat: it has {texts} .txt files and no directories. "
            "Expected one directory for each class, named after it, with its reviews inside."
        )


def class_directories(directory: Path) -> list[str]:
    """The names of the directories that can be classes, sorted; hidden ones, ``unsup``, ``__MACOSX`` cannot."""
    return sorted(
        entry.name
        for entry in directory.iterdir()
        if entry.is_dir() and not entry.name.startswith(".") and entry.name not in NEVER_CLASSES
    )


def list_files(directory: Path, endings: tuple[str, ...] = (".txt",)) -> list[str]:
    """The review files below a class directory, relative to it, with ``/``, in Keras' order, hidden ones included."""
    files = []
    for where, _, names in sorted(os.walk(directory), key=lambda step: step[0]):
        below = "".join(f"{part}/" for part in Path(where).relative_to(directory).parts)
        files += [below + name for name in sorted(names) if name.lower().endswith(endings)]
    return files


def is_hidden(path: str) -> bool:
    """Whether a file is a by-product of an operating system: its name or a directory on its way starts with a dot."""
    return any(part.startswith(".") or part == "__MACOSX" for part in path.split("/"))


@dataclass
class _Findings:
    """What was noticed so far: notes for the user, and problems that forbid going on."""

    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def note_left_out(self, directory: Path, names: Sequence[str], why: str) -> None:
        if names:
            self.notes.append(f"{directory}: {why}: {shorten_list(names)}")

    def raise_problems(self, root: Path) -> None:
        if self.problems:
            raise DataError(f"{root} cannot be used:\n" + "\n".join(f"  {problem}" for problem in self.problems))


def _class_names(directory: Path, classes: Sequence[str] | None, findings: _Findings) -> list[str]:
    found = class_directories(directory)
    _note_never_classes(directory, findings)
    if classes is None:
        misnamed = [ascii(name) for name in found if not is_unicode(name)]
        if misnamed:
            findings.problems.append(
                f"{directory}: class names that are not UTF-8: {shorten_list(misnamed)}; rename them"
            )
            found = [name for name in found if is_unicode(name)]
        if len(found) < 2:
            what = f"only the class {found[0]}" if found else "no class directories"
            findings.problems.append(f"{directory}: {what}; expected at least two directories, one for each class")
        return found
    for name in classes:
        if name not in found:
            near = suggest(name, found) if found else "it has no class directories"
            findings.problems.append(f"{directory}: no class {name!r} (data.classes); {near}")
    findings.note_left_out(directory, [name for name in found if name not in classes], "left out by data.classes")
    return [name for name in classes if name in found]


def _note_never_classes(directory: Path, findings: _Findings) -> None:
    ignored = [name for name in NEVER_CLASSES if (directory / name).is_dir()]
    findings.note_left_out(directory, ignored, "never a class, left out")


def _compare_classes(test_dir: Path, names: Sequence[str], classes: Sequence[str] | None, findings: _Findings) -> None:
    in_test = class_directories(test_dir)
    _note_never_classes(test_dir, findings)
    missing = [name for name in names if name not in in_test]
    unknown = [name for name in in_test if name not in (classes or names)]
    if missing:
        findings.problems.append(
            f"{test_dir}: no class {shorten_list(missing)}, which train has; it has {shorten_list(in_test) or 'none'}"
        )
    if unknown and classes is None:
        findings.problems.append(
            f"{test_dir}: the class {shorten_list(unknown)} is not in train; name the classes to use with data.classes"
        )
    elif unknown:
        findings.note_left_out(test_dir, unknown, "left out by data.classes")


def _list_part(root: Path, directory: Path, names: Sequence[str], findings: _Findings) -> Part:
    paths: list[str] = []
    labels: list[int] = []
    positions: list[int] = []
    hidden = listed = 0
    for label, name in enumerate(names):
        files = list_files(directory / name)
        usable = [(listed + position, file) for position, file in enumerate(files) if not is_hidden(file)]
        _check_class(directory / name, [file for _, file in usable], findings)
        prefix = (directory / name).relative_to(root).as_posix()
        paths += [f"{prefix}/{file}" for _, file in usable]
        labels += [label] * len(usable)
        positions += [position for position, _ in usable]
        hidden += len(files) - len(usable)
        listed += len(files)
    if hidden:
        findings.notes.append(f"{directory}: {hidden} hidden .txt files (such as ._1.txt) were left out")
    return Part(
        root,
        directory,
        tuple(names),
        tuple(paths),
        np.array(labels, dtype=np.int32),
        np.array(positions, dtype=np.int64),
    )


def _check_class(directory: Path, files: Sequence[str], findings: _Findings) -> None:
    """Look at the names of one class' reviews."""
    if not files:
        findings.problems.append(f"{directory}: no .txt file{_what_else(directory)}")
    misnamed = [ascii(file) for file in files if not is_unicode(file)]
    if misnamed:
        findings.problems.append(f"{directory}: file names that are not UTF-8: {shorten_list(misnamed)}; rename them")
    below = sorted({file.partition("/")[0] for file in files if "/" in file})
    if below and all("/" in file for file in files):
        findings.notes.append(
            f"{directory}: all its reviews lie in {shorten_list(below)}; they are one class all the same"
        )


def is_unicode(name: str) -> bool:
    """Whether a file name could be decoded; Python marks bytes that are no UTF-8 with lone surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in name)


def _what_else(directory: Path) -> str:
    endings = sorted({Path(name).suffix or name for _, _, names in os.walk(directory) for name in names})
    return (
        f"; it has files ending in {shorten_list(endings)}" if endings else " (it is empty); every class needs reviews"
    )
