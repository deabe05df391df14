"""Inputs that cannot be used: what is wrong with each, and how to make it."""

from __future__ import annotations

import gzip
import io
import json
import math
import os
import shlex
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Prepare = Callable[[], None]
TRAIN = "train -c good.yaml --output-dir out"
RUN = Path("runs/tiny")


@dataclass(frozen=True)
class Bad:
    """One input that cannot be used.

    Args:
        what: is wrong with it; unique.
        command: what reads it, without ``sentiment``.
        prepare: makes it, in a directory that has ``good.yaml``, ``reviews/`` and the finished run ``runs/tiny``.
        code: with which the command ends.
        input: of the command.
    """

    what: str
    command: str
    prepare: Prepare
    code: int = 1
    input: bytes = b""


def nothing() -> None:
    """The command alone is wrong."""


def write(path: str | Path, content: str | bytes) -> Prepare:
    """Make a file, and its directory."""

    def prepare() -> None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_bytes(content if isinstance(content, bytes) else content.encode())

    return prepare


def all_of(*prepares: Prepare) -> Prepare:
    """One after the other."""

    def prepare() -> None:
        for step in prepares:
            step()

    return prepare


def change_json(path: str | Path, **values: Any) -> Prepare:
    """Give keys of a JSON object other values; None takes a key away."""

    def prepare() -> None:
        content = {**json.loads(Path(path).read_text(encoding="utf-8")), **values}
        Path(path).write_text(json.dumps({k: v for k, v in content.items() if v is not None}), encoding="utf-8")

    return prepare


def remove(path: str | Path) -> Prepare:
    """Take a file, or a directory with all in it, away."""

    def prepare() -> None:
        import shutil

        shutil.rmtree(path) if Path(path).is_dir() else Path(path).unlink()

    return prepare


# -- Configurations ---------------------------------------------------------------------------------------------------

CONFIGS: list[tuple[str, str | bytes]] = [
    ("a key that no section has", "training: {epochz: 3}"),
    ("a section that there is not", "trainning: {epochs: 3}"),
    ("a text where a number belongs", "training: {epochs: many}"),
    ("a fraction where a whole number belongs", "training: {epochs: 1.5}"),
    ("a truth value where a whole number belongs", "training: {epochs: true}"),
    ("a number in quotes", 'training: {epochs: "3"}'),
    ("zero epochs", "training: {epochs: 0}"),
    ("a negative batch size", "training: {batch_size: -1}"),
    ("a learning rate of zero", "training: {learning_rate: 0}"),
    ("a learning rate that is no number", "training: {learning_rate: .nan}"),
    ("a learning rate without end", "training: {learning_rate: .inf}"),
    ("a number with underscores", "training: {epochs: 1_000}"),
    ("a number by sixties", "training: {epochs: 1:30}"),
    ("a dropout of one", "model: {dropout: 1.0}"),
    ("a dropout below zero", "model: {dropout: -0.1}"),
    ("an unknown optimizer", "training: {optimizer: adamm}"),
    ("an unknown kind of cell", "model: {recurrent: [{cell: lsmt}]}"),
    ("an unknown pooling", "model: {pooling: maxx}"),
    ("a pooling twice", "model: {pooling: [max, max]}"),
    ("no recurrent layer", "model: {recurrent: []}"),
    ("21 recurrent layers", "model: {recurrent: [" + ", ".join(["{}"] * 21) + "]}"),
    ("a layer that is a number", "model: {recurrent: [64]}"),
    ("gates for a cell without gates", "model: {recurrent: [{cell: simple_rnn, recurrent_activation: tanh}]}"),
    ("an unknown activation", "model: {recurrent: [{activation: sinus}]}"),
    ("windows with the last state", "model: {window: 20}"),
    ("windows without a mask", "model: {window: 20, pooling: max, embedding: {mask: false}}"),
    ("an embedding that is too wide", "model: {embedding: {dim: 1000000}}"),
    ("too small a vocabulary", "text: {max_tokens: 2}"),
    ("a vocabulary of a billion", "text: {max_tokens: 1000000000}"),
    ("an unknown way to cut reviews", "text: {truncate: middle}"),
    ("an unknown way to split", "text: {split: words}"),
    ("everything is validation", "data: {validation_fraction: 1.0}"),
    ("an unknown policy for bad bytes", "data: {encoding_errors: ignore}"),
    ("one class", "data: {classes: [good]}"),
    ("a class twice", "data: {classes: [good, good]}"),
    ("a class that is a number", "data: {classes: [1, 2]}"),
    ("early stopping by nothing known", "training: {early_stopping: {monitor: loss}}"),
    ("a patience of zero", "training: {early_stopping: {patience: 0}}"),
    ("early stopping without validation", "{data: {validation_fraction: 0}, training: {early_stopping: {}}}"),
    ("a refit without validation", "{data: {validation_fraction: 0}, training: {refit: true}}"),
    ("a weight for a class that is zero", "training: {class_weight: {good: 0}}"),
    ("a seed below zero", "training: {seed: -1}"),
    ("an unknown device", "training: {device: tpu}"),
    ("an unknown kind of pretraining", "pretrain: {kind: bert}"),
    ("several problems at once", "training: {epochs: 0, optimiser: adam}\ntext: {max_tokens: x}"),
    ("a key given twice", "training: {epochs: 3}\ntraining: {epochs: 4}"),
    ("a key given twice in a section", "training:\n  epochs: 3\n  epochs: 4"),
    ("a tab for indentation", "training:\n\tepochs: 3"),
    ("a bracket that is not closed", "model: {recurrent: [{cell: gru}"),
    ("wrong indentation", "training:\n  epochs: 3\n seed: 1"),
    ("an anchor and its alias", "a: &x 1\nb: *x"),
    ("an alias bomb", "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]"),
    ("a merge key", "base: &b {epochs: 3}\ntraining:\n  <<: *b"),
    ("a Python object", "training: !!python/object/apply:os.system ['touch hacked']"),
    ("a tag", "training: !!set {epochs}"),
    ("two documents", "training: {epochs: 3}\n---\ntraining: {epochs: 4}"),
    ("a list in place of sections", "- training"),
    ("a lone text", "training"),
    ("a list as a key", "[a, b]: 3"),
    ("bytes that are not UTF-8", b"training: {epochs: 3} # caf\xe9"),
    ("UTF-16", "training: {epochs: 3}".encode("utf-16")),
    ("a NUL byte", b"training: {epochs: \x00}"),
    ("more than a megabyte", b"#" * 1_000_001),
    ("ten thousand brackets", "a: " + "[" * 10_000),
]
CONFIG_CASES = [
    *(Bad(f"configuration: {what}", "validate -c c.yaml", write("c.yaml", text), 2) for what, text in CONFIGS),
    Bad("configuration: a file that is not there", "validate -c nowhere.yaml", nothing, 2),
    Bad("configuration: a directory", "validate -c reviews", nothing, 2),
    Bad("configuration: a name that is nearly shipped", "validate -c imdb_lstn", nothing, 2),
    Bad("configuration: on standard input", "validate -c -", nothing, 2, b"training: {epochs: 0}"),
    Bad("option: --set without a value", f"{TRAIN} --set training.epochs", nothing, 2),
    Bad("option: --set with an unknown key", f"{TRAIN} --set training.epoch=3", nothing, 2),
    Bad("option: --set of a layer that is not there", f"{TRAIN} --set model.recurrent.5.units=3", nothing, 2),
    Bad("option: --set of a wrong value", f"{TRAIN} --set training.epochs=few", nothing, 2),
    Bad("option: --set of no YAML", f"{TRAIN} --set 'training.epochs=[1'", nothing, 2),
    Bad("option: no epochs", f"{TRAIN} --epochs 0", nothing, 2),
    Bad("option: epochs that are no number", f"{TRAIN} --epochs many", nothing, 2),
    Bad("option: one that is nearly known", f"{TRAIN} --epoch 3", nothing, 2),
    Bad("option: --name and --output-dir", f"{TRAIN} --name a", nothing, 2),
    Bad("option: --resume and --config", "train --resume runs/tiny -c good.yaml", nothing, 2),
    Bad("option: a single seed of several", f"{TRAIN} --seeds 1", nothing, 2),
    Bad("command: one that is nearly known", "trian", nothing, 2),
    Bad("output: a run that exists", "train -c good.yaml --output-dir runs/tiny", nothing),
    Bad("output: --force on what is no run", "train -c good.yaml --output-dir reviews --force", nothing),
    Bad("output: below a file", "train -c good.yaml --output-dir good.yaml/run", nothing),
    Bad(
        "output: more weights than memory",
        f"{TRAIN} --set model.recurrent.0.units=100000",
        nothing,
        2,
    ),
]

# -- Reviews ----------------------------------------------------------------------------------------------------------


def reviews(**texts: list[str | bytes]) -> Prepare:
    """Make ``bad_reviews`` with these classes, beside a good one where there is only one."""

    def prepare() -> None:
        for name, contents in texts.items():
            Path("other", name).mkdir(parents=True, exist_ok=True)
            for index, content in enumerate(contents):
                write(Path("other", name, f"{index}.txt"), content)()

    return prepare


GOOD: list[str | bytes] = [f"a lovely room number {index}" for index in range(8)]
BAD: list[str | bytes] = [f"a dirty room number {index}" for index in range(8)]


def two_classes() -> None:
    """Make good reviews, to be spoilt."""
    reviews(good=GOOD, bad=BAD)()


def with_test(**texts: list[str | bytes]) -> Prepare:
    """Make good training reviews, and a test part with these classes."""

    def prepare() -> None:
        for part, classes in (("train", {"good": GOOD, "bad": BAD}), ("test", texts)):
            for name, contents in classes.items():
                Path("other", part, name).mkdir(parents=True)
                for index, content in enumerate(contents):
                    write(Path("other", part, name, f"{index}.txt"), content)()

    return prepare


OTHER = f"{TRAIN} --data other"
LEARN = f"{TRAIN} --set 'pretrain={{kind: word_vectors}}'"


def link_to_nothing() -> None:
    """A review that is a link to a file that is gone."""
    two_classes()
    Path("other/good/9.txt").symlink_to("gone.txt")


def pipe() -> None:
    """A review that is a named pipe: reading it would never end."""
    two_classes()
    os.mkfifo("other/good/9.txt")


def name_that_is_no_text() -> None:
    """A file name in Latin-1."""
    two_classes()
    with open(b"other/good/caf\xe9.txt", "wb") as file:  # noqa: PTH123
        file.write(b"fine")


def class_that_is_no_text() -> None:
    """A class name in Latin-1."""
    two_classes()
    os.mkdir(b"other/caf\xe9")  # noqa: PTH102


def lock_of_an_editor() -> None:
    """What Emacs puts beside a file that is changed: a hidden link to nowhere."""
    two_classes()
    Path("other/good/.#0.txt").symlink_to("me@host.123")


def giant() -> None:
    """A review of a gigabyte, of which the disk holds nothing."""
    two_classes()
    with Path("other/good/9.txt").open("wb") as file:
        file.truncate(1_000_000_000)


DATA_CASES = [
    Bad("reviews: a directory that is not there", OTHER, nothing),
    Bad("reviews: a file in place of a directory", f"{TRAIN} --data good.yaml", nothing),
    Bad("reviews: an empty directory", OTHER, lambda: Path("other").mkdir()),
    Bad("reviews: no class directories", OTHER, all_of(write("other/a.txt", "good"), write("other/b.txt", "bad"))),
    Bad("reviews: one class", OTHER, reviews(good=GOOD)),
    Bad("reviews: unsup alone beside one class", OTHER, reviews(good=GOOD, unsup=BAD)),
    Bad("reviews: an empty class", OTHER, reviews(good=GOOD, bad=[])),
    Bad("reviews: a class with other endings", OTHER, all_of(reviews(good=GOOD), write("other/bad/1.md", "bad"))),
    Bad("reviews: a class of hidden files", OTHER, all_of(reviews(good=GOOD), write("other/bad/._1.txt", "bad"))),
    Bad("reviews: one review of a class", OTHER, reviews(good=GOOD, bad=["dirty"])),
    Bad("reviews: bytes that are not UTF-8", OTHER, reviews(good=GOOD, bad=[*BAD, b"caf\xe9"])),
    Bad("reviews: UTF-16", OTHER, reviews(good=GOOD, bad=[*BAD, "dirty".encode("utf-16")])),
    Bad("reviews: a NUL byte", OTHER, reviews(good=GOOD, bad=[*BAD, b"dirty\x00"])),
    Bad("reviews: a gigabyte in one file", OTHER, giant),
    Bad("reviews: a link to nothing", OTHER, link_to_nothing),
    Bad("reviews: a named pipe", OTHER, pipe),
    Bad("reviews: a file name that is not UTF-8", OTHER, name_that_is_no_text),
    Bad("reviews: a class name that is not UTF-8", OTHER, class_that_is_no_text),
    Bad("reviews: a lock file of an editor", OTHER, lock_of_an_editor),
    Bad("reviews: nothing that can be read is left", f"{OTHER} --set data.encoding_errors=skip",
        reviews(good=GOOD, bad=[b"\xff", b"\xfe", b"\xfd"])),
    Bad("reviews: no text at all", OTHER, reviews(good=[" "] * 8, bad=["\n"] * 8)),
    Bad("reviews: a class that data.classes names is missing", f"{OTHER} --set 'data.classes=[good, awful]'",
        two_classes),
    Bad("reviews: a test part without a class", OTHER, with_test(good=GOOD)),
    Bad("reviews: a test part with another class", OTHER, with_test(good=GOOD, bad=BAD, awful=BAD)),
    Bad("reviews: an empty class in the test part", OTHER, with_test(good=GOOD, bad=[])),
    Bad("reviews: train without test classes", OTHER, with_test(bads=BAD, goods=GOOD)),
    Bad("reviews: IMDb that is not there", f"{TRAIN} --data imdb", nothing),
    Bad("reviews: unlabelled ones that are not there", f"{LEARN} --set data.unlabelled=nowhere", nothing),
    Bad("reviews: movies of reviews that have none", f"{TRAIN} --set data.validation_groups=movie", nothing),
    Bad("reviews: check of a directory that is not there", "data check nowhere", nothing),
    Bad("reviews: statistics of a file", "data stats good.yaml", nothing),
    Bad("reviews: evaluation on other classes", "evaluate runs/tiny --data other", reviews(up=GOOD, down=BAD)),
    Bad("reviews: evaluation on one that is not UTF-8", "evaluate runs/tiny --data other",
        reviews(good=GOOD, bad=[b"\xff"])),
    Bad("reviews: vectors that are not there", f"{LEARN} --set pretrain.file=nowhere.txt", nothing),
    Bad("reviews: vectors of different lengths", f"{LEARN} --set pretrain.file=v.txt",
        write("v.txt", "room 1 2 3 4\nclean 1 2 3\n")),
    Bad("reviews: vectors of another width", f"{LEARN} --set pretrain.file=v.txt",
        write("v.txt", "room 1 2 3\nclean 1 2 3\n")),
    Bad("reviews: vectors that are no numbers", f"{LEARN} --set pretrain.file=v.txt",
        write("v.txt", "room one two three four\n")),
    Bad("reviews: vectors that are not finite", f"{LEARN} --set pretrain.file=v.txt",
        write("v.txt", "room 1 2 nan 4\n")),
    Bad("reviews: an empty file of vectors", f"{LEARN} --set pretrain.file=v.txt", write("v.txt", "")),
]  # fmt: skip

# -- Tables -----------------------------------------------------------------------------------------------------------

IMPORT = "data import t.csv --to made"


def table(*lines: str) -> Prepare:
    """A file ``t.csv`` of these lines."""
    return write("t.csv", "".join(f"{line}\n" for line in lines))


SOUND = table("text,label", "lovely,good", "cold,bad", "warm,good", "loud,bad")

TABLE_CASES = [
    Bad("tables: one that is not there", f"{TRAIN} --data t.csv", nothing),
    Bad("tables: one to import that is not there", IMPORT, nothing),
    Bad("tables: an empty file", IMPORT, write("t.csv", "")),
    Bad("tables: an old Excel workbook", IMPORT, write("t.csv", b"\xd0\xcf\x11\xe0 and so on")),
    Bad("tables: no column with a known name", IMPORT, table("a,b", "lovely,good", "cold,bad")),
    Bad("tables: two columns that could be the texts", f"{TRAIN} --data t.csv", table("text,review,label", "a,b,c")),
    Bad("tables: a column that is not there", f"{IMPORT} --text texts --id key", SOUND),
    Bad("tables: one column for texts and classes", f"{IMPORT} --text label", SOUND),
    Bad("tables: only one class", IMPORT, table("text,label", "lovely,good", "warm,good")),
    Bad("tables: no class at all", IMPORT, table("text,label", "lovely,", "warm,NA")),
    Bad("tables: a map that fits nothing", f"{IMPORT} --map '1=bad 5=good'",
        table("text,label", "warm,up", "cold,down")),
    Bad("tables: a map that is none", f"{IMPORT} --map 1,2", SOUND, code=2),
    Bad("tables: a value with two classes", f"{IMPORT} --map '1=a 1=b'", SOUND, code=2),
    Bad("tables: a map to one class", f"{TRAIN} --data t.csv --set 'data.label_map={{1: a, 2: a}}'", SOUND, code=2),
    Bad("tables: a class that is a path", IMPORT, table("text,label", "lovely,../good", "cold,bad")),
    Bad("tables: a column of texts as that of classes", IMPORT,
        table("text,label", *(f"lovely,a text of its own {number}" for number in range(300)))),
    Bad("tables: a test part without a class", f"{IMPORT} --test t2.csv",
        all_of(SOUND, write("t2.csv", "text,label\nquiet,good\n"))),
    Bad("tables: a table that is its own test part", f"{IMPORT} --test t.csv", SOUND),
    Bad("tables: a test part and a share for one", f"{IMPORT} --test t.csv --test-fraction 0.2", SOUND, code=2),
    Bad("tables: a share of 1", f"{IMPORT} --test-fraction 1", SOUND, code=2),
    Bad("tables: one class alone to be kept", f"{IMPORT} --classes good", SOUND, code=2),
    Bad("tables: into a directory that is there", "data import t.csv --to reviews", SOUND),
    Bad("tables: into a file", "data import t.csv --to good.yaml", SOUND),
    Bad("tables: an encoding that there is not", f"{IMPORT} --encoding utf-9", SOUND, code=2),
    Bad("tables: columns of the bundled reviews", "train --set data.text_column=text --output-dir out", nothing,
        code=2),
    Bad("tables: columns of a directory", f"{TRAIN} --set data.text_column=text", nothing, code=2),
    Bad("tables: columns for a check of a directory", "data check reviews --text text", nothing, code=2),
    Bad("tables: evaluation on other classes", "evaluate runs/tiny --data t.csv",
        table("text,label", "a,up", "b,down")),
]  # fmt: skip

# -- Runs -------------------------------------------------------------------------------------------------------------


def npz(path: Path, **arrays: np.ndarray) -> Prepare:
    """Put other arrays into a checkpoint, and the checksum that belongs to them."""

    def prepare() -> None:
        target = max(RUN.glob(f"checkpoints/{path}"))
        np.savez(target / "variables.npz", **arrays)
        sign(target)

    return prepare


def sign(checkpoint: Path) -> None:
    """Write the manifest that fits what a checkpoint holds, as whoever forges one would."""
    import hashlib

    manifest = json.loads((checkpoint / "manifest.json").read_text())
    for name in manifest["files"]:
        content = (checkpoint / name).read_bytes()
        manifest["files"][name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    (checkpoint / "manifest.json").write_text(json.dumps(manifest))


def best() -> Path:
    """The checkpoint of the best epoch."""
    return max(RUN.glob("checkpoints/best-*"))


def in_best(name: str, content: bytes, *, signed: bool = False) -> Prepare:
    """Put another file into the checkpoint of the best epoch."""

    def prepare() -> None:
        (best() / name).write_bytes(content)
        if signed:
            sign(best())

    return prepare


def flip_a_bit() -> None:
    """Change one bit in the middle of the weights."""
    path = best() / "variables.npz"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def pickled() -> None:
    """Weights that are a pickle which runs a command when it is read."""

    class Hostile:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.system, ("touch hacked",)

    with np.load(best() / "variables.npz") as archive:
        arrays = dict(archive.items())
    first = next(iter(arrays))
    hostile = np.full(arrays[first].shape, Hostile(), dtype=object)
    np.savez(best() / "variables.npz", **{**arrays, first: hostile})
    sign(best())


def giant_array() -> None:
    """Weights whose header says that they are a million times as large as the file."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": (10**6, 10**6)})
    with zipfile.ZipFile(best() / "variables.npz") as archive:
        names = archive.namelist()
    with zipfile.ZipFile(best() / "variables.npz", "w") as archive:
        for name in names:
            archive.writestr(name, header.getvalue())
    sign(best())


def forge_state(**values: Any) -> None:
    """Give the state of the best epoch other values, and sums that fit them."""
    path = best() / "state.json"
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **values}), encoding="utf-8")
    sign(best())


def both_last(prepare_one: Callable[[Path], None]) -> Prepare:
    """Spoil every checkpoint that a training could go on from."""

    def prepare() -> None:
        for path in RUN.glob("checkpoints/last-*"):
            prepare_one(path)

    return prepare


def cut_arrays(path: Path) -> None:
    """Take the end of the weights away."""
    (path / "variables.npz").write_bytes((path / "variables.npz").read_bytes()[:-40])


def steps(*rows: str) -> Prepare:
    """Put other rows into the figures of the steps."""
    return lambda: BATCHES.write_text("\n".join([BATCHES.read_text(encoding="utf-8").splitlines()[0], *rows, ""]))


EVALUATE, LIST, MORE = "evaluate runs/tiny", "misclassified runs/tiny", "train --resume runs/tiny --epochs 3"
CONFIG, BATCHES = RUN / "config.yaml", RUN / "batches.csv"
DRAW, STEPS = "plot-history runs/tiny", "plot-history runs/tiny --batches"
RUN_CASES = [
    Bad("run: one that is not there", "evaluate tina", nothing),
    Bad("run: a directory that is none", "evaluate reviews", nothing),
    Bad("run: none at all", "evaluate", remove("runs")),
    Bad("run: none that has finished", "evaluate", change_json(RUN / "run.json", status="interrupted")),
    Bad("run: a record that is no JSON", EVALUATE, write(RUN / "run.json", "{")),
    Bad("run: a record that is a list", EVALUATE, write(RUN / "run.json", "[]")),
    Bad("run: a record of a hundred thousand brackets", EVALUATE, write(RUN / "run.json", "[" * 100_000)),
    Bad("run: no class names", EVALUATE, change_json(RUN / "run.json", class_names=None)),
    Bad("run: class names that are numbers", EVALUATE, change_json(RUN / "run.json", class_names=[1, 2])),
    Bad("run: reviews that are gone", EVALUATE, change_json(RUN / "run.json", data={"root": "nowhere"})),
    Bad("run: no configuration", EVALUATE, remove(CONFIG)),
    Bad("run: a configuration that is no YAML", EVALUATE, write(CONFIG, "{"), 2),
    Bad("run: a configuration with a Python object", EVALUATE,
        write(CONFIG, "training: !!python/object/apply:os.system ['touch hacked']"), 2),
    Bad("run: a configuration of another network", EVALUATE,
        lambda: CONFIG.write_text(CONFIG.read_text().replace("units: 3", "units: 4"))),
    Bad("run: no vocabulary", EVALUATE, remove(RUN / "vocabulary.json")),
    Bad("run: another vocabulary", EVALUATE, write(RUN / "vocabulary.json", '["", "[UNK]", "room"]')),
    Bad("run: a vocabulary that is an object", EVALUATE, write(RUN / "vocabulary.json", "{}")),
    Bad("run: no best epoch", EVALUATE, lambda: remove(best())()),
    Bad("run: a checkpoint without weights", EVALUATE, lambda: remove(best() / "variables.npz")()),
    Bad("run: weights that are cut off", EVALUATE, lambda: cut_arrays(best())),
    Bad("run: one bit of the weights is wrong", EVALUATE, flip_a_bit),
    Bad("run: weights that are no archive", EVALUATE, in_best("variables.npz", b"PK\x03\x04 no archive", signed=True)),
    Bad("run: weights of other shapes", EVALUATE, npz(Path("best-*"), **{"network/0": np.zeros((3, 3), np.float32)})),
    Bad("run: weights of a terabyte", EVALUATE, giant_array),
    Bad("run: weights that are a pickle", EVALUATE, pickled),
    Bad("run: a manifest that is no JSON", EVALUATE, in_best("manifest.json", b"{")),
    Bad("run: a manifest of a later version", EVALUATE, lambda: change_json(best() / "manifest.json", format=99)()),
    Bad("run: a state that is a list", EVALUATE, in_best("state.json", b"[]", signed=True)),
    Bad("run: a state with a text for a number", EVALUATE, lambda: forge_state(epoch="5")),
    Bad("run: a state before the first batch", EVALUATE, lambda: forge_state(batch=-2)),
    Bad("run: a state whose epochs are gone", EVALUATE, lambda: forge_state(history=[])),
    Bad("run: seconds that are not a number", MORE, change_json(RUN / "run.json", seconds={"total": math.nan})),
    Bad("run: seconds without end", MORE,
        lambda: _replace(RUN / "run.json", '"seconds": {', '"seconds": {"x": 1e400, ')),
    Bad("run: a plan for many thousand threads", MORE,
        lambda: _replace(RUN / "run.json", '"on_gpu": false, "threads": ', '"on_gpu": false, "threads": 9999')),
    Bad("run: a name that is not UTF-8", "train -c good.yaml --output-dir runs/\udcff", nothing),
    Bad("run: a link to nothing in its place", "train -c good.yaml --name gone",
        lambda: Path("runs/gone").symlink_to("nothing")),
    Bad("run: all checkpoints to go on from are damaged", MORE, both_last(cut_arrays)),
    Bad("run: no checkpoint to go on from", MORE, both_last(lambda path: remove(path)())),
    Bad("run: finished, and nothing more is asked for", "train --resume runs/tiny", nothing),
    Bad("run: fewer epochs than it has", "train --resume runs/tiny --epochs 1", nothing),
    Bad("run: reviews that changed", MORE,
        write("reviews/train/good/000.txt", "now it is another one")),
    Bad("run: a configuration that changed", MORE,
        lambda: CONFIG.write_text(CONFIG.read_text().replace("learning_rate: 0.05", "learning_rate: 0.5"))),
    Bad("run: no predictions", LIST, remove(RUN / "predictions-test.csv")),
    Bad("run: predictions without their header", LIST, write(RUN / "predictions-test.csv", "a,b\n")),
    Bad("run: predictions with a word for a number", LIST, lambda: _replace(RUN / "predictions-test.csv", "0.", "x.")),
    Bad("run: predictions that are cut off", LIST, lambda: _cut(RUN / "predictions-test.csv")),
    Bad("run: predictions that are not UTF-8", LIST, write(RUN / "predictions-test.csv", b"\xff")),
    Bad("run: no history", DRAW, remove(RUN / "history.csv")),
    Bad("run: a history that skips an epoch", DRAW,
        lambda: _replace(RUN / "history.csv", "\n2,", "\n3,")),
    Bad("run: metrics that are a list", "results runs/tiny", write(RUN / "metrics.json", "[]")),
    Bad("run: no figures of steps", STEPS, remove(BATCHES)),
    Bad("run: figures of steps without their header", STEPS, write(BATCHES, "a,b\n")),
    Bad("run: an empty file of figures of steps", STEPS, write(BATCHES, "")),
    Bad("run: figures of steps with a word for a number", STEPS, steps("1,1,1,1,x,0.5,0.01,1")),
    Bad("run: figures of steps that are cut off", STEPS, steps("1,1,1,1,0.7,0.5,0.01")),
    Bad("run: figures of steps that go back", STEPS, steps("1,1,1,1,0.7,0.5,0.01,1", "1,2,1,1,0.7,0.5,0.01,1")),
    Bad("run: figures of steps that are not UTF-8", STEPS, write(BATCHES, b"\xff")),
    Bad("run: a picture of an unknown kind", f"{DRAW} -o plot.bmp", nothing, 2),
    Bad("run: a picture below a file", f"{DRAW} -o good.yaml/plot.png", nothing),
    Bad("run: a paper's look for the picture in the run", f"{DRAW} --style paper", nothing, 2),
    Bad("run: a width for the picture in the run", f"{DRAW} --width 5", nothing, 2),
    Bad("run: a paper's look for a list", f"{LIST} --style paper -o list.csv", nothing, 2),
    Bad("run: an unknown look", f"{DRAW} --style papr -o plot.png", nothing, 2),
    Bad("run: a width that is no number", f"{DRAW} --width nan -o plot.png", nothing, 2),
    Bad("run: a picture that is too narrow", f"{DRAW} --width 1 -o plot.png", nothing, 2),
    Bad("run: means of no epochs", f"{DRAW} --smooth 0", nothing, 2),
    Bad("run: a list as a picture that is not drawn", f"{LIST} -o list.gif", nothing, 2),
    Bad("run: a comparison as a picture that is not drawn", "compare runs/tiny runs/tiny -o c.gif", nothing, 2),
    Bad("run: a report as a picture", "report runs/tiny -o r.gif", nothing, 2),
    Bad("run: an explanation as a picture that is not drawn", "explain --run runs/tiny good -o e.gif", nothing, 2),
    Bad("run: a table of results of another kind", "results runs/tiny -o t.csv", write("t.csv", "a,b\n1,2\n")),
    Bad("run: compared with itself alone", "compare runs/tiny", nothing, 2),
    Bad("run: a gate on an unknown figure", f"{EVALUATE} --fail-under f2=0.5", nothing, 2),
    Bad("run: a gate above one", f"{EVALUATE} --fail-under accuracy=1.01", nothing, 2),
    Bad("run: a gate on the wrong side", f"{EVALUATE} --fail-under ece=0.05", nothing, 2),
    Bad("run: a gate on a class that is not there", f"{EVALUATE} --fail-under recall.goood=0.5", nothing, 2),
    Bad("run: a threshold for nothing known", f"{EVALUATE} --threshold best", nothing, 2),
    Bad("run: a threshold without validation", f"{EVALUATE} --threshold f1",
        remove(RUN / "predictions-validation.csv")),
    Bad("run: slices by an unknown trait", f"{EVALUATE} --by stars", nothing, 2),
    Bad("run: other data and a part", f"{EVALUATE} --data reviews --split train", nothing, 2),
]  # fmt: skip


def _replace(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def _cut(path: Path) -> None:
    content = path.read_bytes().rstrip()
    path.write_bytes(content[: content.rindex(b",")])


# -- Archives and texts -----------------------------------------------------------------------------------------------


def archive(*members: tuple[tarfile.TarInfo, bytes]) -> Prepare:
    """Make ``a.tar.gz``."""

    def prepare() -> None:
        with tarfile.open("a.tar.gz", "w:gz") as file:
            for member, content in members:
                member.size = len(content)
                file.addfile(member, io.BytesIO(content))

    return prepare


def member(name: str, content: bytes = b"fine", **values: Any) -> tuple[tarfile.TarInfo, bytes]:
    """A file in an archive, or what ``values`` make of it."""
    info = tarfile.TarInfo(name)
    for key, value in values.items():
        setattr(info, key, value)
    return info, content if info.isfile() else b""


FROM = "download imdb --from a.tar.gz --to ."
PREDICT = "predict --run runs/tiny"
OTHER_CASES = [
    Bad("archive: not there", FROM, nothing),
    Bad("archive: no archive", FROM, write("a.tar.gz", "no archive")),
    Bad("archive: gzip of no archive", FROM, write("a.tar.gz", gzip.compress(b"no archive" * 100))),
    Bad("archive: cut off", FROM, all_of(archive(member("aclImdb/README", b"x" * 10_000)),
                                         lambda: Path("a.tar.gz").write_bytes(Path("a.tar.gz").read_bytes()[:50]))),
    Bad("archive: something else", FROM, archive(member("other/readme.txt"))),
    Bad("archive: a file above the directory", FROM, archive(member("../hacked"))),
    Bad("archive: an absolute name", FROM, archive(member("/tmp/hacked"))),
    Bad("archive: a symbolic link", FROM, archive(member("aclImdb/a", type=tarfile.SYMTYPE, linkname="/etc"))),
    Bad("archive: a hard link", FROM, archive(member("aclImdb/a", type=tarfile.LNKTYPE, linkname="../x"))),
    Bad("archive: a device", FROM, archive(member("aclImdb/a", type=tarfile.CHRTYPE))),
    Bad("archive: a named pipe", FROM, archive(member("aclImdb/a", type=tarfile.FIFOTYPE))),
    Bad("archive: an empty one", FROM, archive()),
    Bad("text: none", PREDICT, nothing, 2),
    Bad("text: an input that is not there", f"{PREDICT} --input nowhere.txt", nothing),
    Bad("text: an input that is a directory", f"{PREDICT} --input reviews", nothing),
    Bad("text: an input that is not UTF-8", f"{PREDICT} --input -", nothing, 1, b"fine\ncaf\xe9\n"),
    Bad("text: an unknown form", f"{PREDICT} --format xml good", nothing, 2),
]  # fmt: skip

# -- Probes -----------------------------------------------------------------------------------------------------------

PROBE = "probe --run runs/tiny"
ASK = f"{PROBE} --probes p.yaml"
KIND = "capability: words, description: Words."


def probes(probe: str, lexicons: str = "{}") -> Prepare:
    """Make ``p.yaml``, a file of probes with one called ``one``."""
    return write("p.yaml", f"lexicons: {lexicons}\nprobes:\n  one: {probe}\n")


PROBE_CASES = [
    Bad("probes: a file that is not there", ASK, nothing, 2),
    Bad("probes: a directory", f"{PROBE} --probes reviews", nothing, 2),
    Bad("probes: an empty file", ASK, write("p.yaml", ""), 2),
    Bad("probes: no YAML", ASK, write("p.yaml", "probes: {"), 2),
    Bad("probes: bytes that are not UTF-8", ASK, write("p.yaml", b"probes: {} # caf\xe9"), 2),
    Bad("probes: a list", ASK, write("p.yaml", "- one"), 2),
    Bad("probes: a file of none", ASK, write("p.yaml", "probes: {}"), 2),
    Bad("probes: a key that there is not", ASK, write("p.yaml", "probe: {}"), 2),
    Bad("probes: one that is a number", ASK, probes("3"), 2),
    Bad("probes: one of no type", ASK, probes(f"{{{KIND}, templates: {{positive: [good]}}}}"), 2),
    Bad("probes: one of an unknown type", ASK, probes(f"{{type: mtf, {KIND}, templates: {{positive: [good]}}}}"), 2),
    Bad("probes: a slot of no lexicon", ASK,
        probes(f'{{type: mft, {KIND}, templates: {{positive: ["a {{thign}}"]}}}}', "{thing: [room, bed]}"), 2),
    Bad("probes: more slots than entries", ASK,
        probes(f'{{type: mft, {KIND}, templates: {{positive: ["{{thing}} {{thing2}}"]}}}}', "{thing: [room]}"), 2),
    Bad("probes: a brace that is not closed", ASK,
        probes(f'{{type: mft, {KIND}, templates: {{positive: ["a {{thing"]}}}}', "{thing: [room]}"), 2),
    Bad("probes: a text where a number belongs", ASK,
        probes(f"{{type: mft, {KIND}, templates: {{positive: [good]}}, at_least: much}}"), 2),
    Bad("probes: a change by nothing known", ASK,
        probes(f"{{type: inv, {KIND}, templates: [good], change: {{rewrite: rhyme}}}}"), 2),
    Bad("probes: nothing that would change", ASK, probes(f"{{type: inv, {KIND}, templates: [good]}}"), 2),
    Bad("probes: two files of one name", f"{ASK} --probes other/p.yaml",
        all_of(*(write(name, f"probes: {{a: {{type: mft, {KIND}, templates: {{positive: [good]}}}}}}\n")
                 for name in ("p.yaml", "other/p.yaml"))), 2),
    Bad("probes: a domain that there is not", f"{PROBE} --domain films", nothing, 2),
    Bad("probes: none of a name", f"{PROBE} --only nothing", nothing, 2),
    Bad("probes: none of a name that is nearly one", f"{PROBE} --only negatoin", nothing, 2),
    Bad("probes: no names at all", f"{PROBE} --only ,", nothing, 2),
    Bad("probes: no cases", f"{PROBE} --cases 0", nothing, 2),
    Bad("probes: a gate above one", f"{PROBE} --fail-over 2", nothing, 2),
    Bad("probes: a gate that is no number", f"{PROBE} --fail-over negation=few", nothing, 2),
    Bad("probes: a gate on nothing that is tried", f"{PROBE} --fail-over nothing=0.5", nothing, 2),
    Bad("probes: a class that is not there", f"{PROBE} --positive god", nothing, 2),
    Bad("probes: one class for both sides", f"{PROBE} --positive good --negative good", nothing, 2),
    Bad("probes: a picture that is not drawn", f"{PROBE} -o x.gif", nothing, 2),
    Bad("probes: a paper's look for a list", f"{PROBE} --style paper -o x.csv", nothing, 2),
    Bad("probes: reviews of a part without predictions", f"{PROBE} --on-reviews 3 --split validation",
        remove(RUN / "predictions-validation.csv")),
    Bad("probes: two things to look at", f"{PROBE} --list --init", nothing, 2),
    Bad("probes: a file to start from that exists", "probe --init -o good.yaml", nothing),
]  # fmt: skip

SCORE = "predict --run runs/tiny --input t.csv --output made"
SEARCH = "sweep -c good.yaml --grid model.recurrent.0.units=2,3 --output-dir out"
ONE_ROW = write("t.csv", "id,text\n1,a good room\n")

SCORE_CASES = [
    Bad("scoring: no input", "predict --run runs/tiny --output made", nothing, 2),
    Bad("scoring: a text beside tables", f"{SCORE} word", ONE_ROW, 2),
    Bad("scoring: standard input", "predict --run runs/tiny --input - --output made", nothing, 2),
    Bad("scoring: a table that is not there", SCORE, nothing),
    Bad("scoring: an empty table", SCORE, write("t.csv", "")),
    Bad("scoring: a directory without tables", "predict --run runs/tiny --input none --output made",
        lambda: Path("none").mkdir()),
    Bad("scoring: no column of texts", SCORE, write("t.csv", "a,b\n1,2\n")),
    Bad("scoring: a column that there is not", f"{SCORE} --text body", ONE_ROW),
    Bad("scoring: ids from a column that there is not", f"{SCORE} --id number", ONE_ROW),
    Bad("scoring: an encoding that there is not", f"{SCORE} --encoding utf-99", ONE_ROW, 2),
    Bad("scoring: a delimiter of two characters", f"{SCORE} --delimiter ab", ONE_ROW, 2),
    Bad("scoring: parts of no rows", f"{SCORE} --part-rows 0", ONE_ROW, 2),
    Bad("scoring: the form of a screen", f"{SCORE} --format table", ONE_ROW, 2),
    Bad("scoring: Parquet for a screen", "predict --run runs/tiny good --format parquet", nothing, 2),
    Bad("scoring: options of tables without their directory", "predict --run runs/tiny good --part-rows 5 --with-text",
        nothing, 2),
    Bad("scoring: into a directory of something else", "predict --run runs/tiny --input t.csv --output reviews",
        ONE_ROW),
    Bad("scoring: into a file", "predict --run runs/tiny --input t.csv --output good.yaml", ONE_ROW),
    Bad("scoring: a note of what is scored that is no JSON", SCORE, all_of(ONE_ROW, write("made/scored.json", "{"))),
    Bad("scoring: a run without weights", SCORE, all_of(ONE_ROW, remove(RUN / "checkpoints"))),
]  # fmt: skip

CLUSTER_CASES = [
    Bad("cluster: workers without one, for a training", f"{TRAIN} --workers 2", nothing, 2),
    Bad("cluster: workers without one, for a sweep", f"{SEARCH} --workers 2", nothing, 2),
    Bad("cluster: workers without one, for a scoring", f"{SCORE} --workers 2", ONE_ROW, 2),
    Bad("cluster: no workers", f"{TRAIN} --ray local --workers 0", nothing, 2),
    Bad("cluster: one worker that shares a training", f"{TRAIN} --ray local --workers 1", nothing, 2),
    Bad("cluster: the address of a client, for a training", f"{TRAIN} --ray ray://host:10001", nothing, 2),
    Bad("cluster: the address of a client, for a scoring", f"{SCORE} --ray ray://host:10001", ONE_ROW, 2),
    Bad("cluster: jobs of this machine on it", f"{SEARCH} --ray local --jobs 2", nothing, 2),
    Bad("cluster: a sweep by any number of workers", f"{SEARCH} --ray local", nothing, 2),
    Bad("cluster: a sweep that is only tried", f"{SEARCH} --ray local --workers 2 --dry-run", nothing, 2),
    Bad("cluster: the GPUs of one machine", f"{TRAIN} --ray local --set training.strategy=mirrored", nothing, 2),
    Bad("cluster: several seeds", f"{TRAIN} --ray local --seeds 2", nothing, 2),
    Bad("cluster: a try", f"{TRAIN} --ray local --dry-run", nothing, 2),
    Bad("cluster: adversarial training", f"{TRAIN} --ray local --set 'training.adversarial={{kind: table}}'",
        nothing, 2),
    Bad("cluster: a refit and a compiled step", f"{TRAIN} --ray local --set training.refit=true "
        "--set training.jit_compile=true", nothing, 2),
    Bad("cluster: workers that no environment names", f"{TRAIN} --set training.strategy=multi_worker", nothing, 2),
    Bad("cluster: a strategy that there is not", f"{TRAIN} --set training.strategy=parameter_server", nothing, 2),
]  # fmt: skip

CASES = [*CONFIG_CASES, *DATA_CASES, *TABLE_CASES, *RUN_CASES, *PROBE_CASES, *SCORE_CASES, *CLUSTER_CASES, *OTHER_CASES]


def arguments(case: Bad) -> list[str]:
    """The command as its words."""
    return shlex.split(case.command)
