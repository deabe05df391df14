"""Does any reader of files answer anything but a value or a clear error, whatever the bytes?

Each reader gets a sound file with random damage: bytes flipped, cut off, doubled, put in; and of JSON, values replaced.
Run with: pytest -m faults tests/faults/test_fuzz.py -s (``SENTIMENT_FUZZ_SECONDS`` for each reader, 20 by default).
"""

from __future__ import annotations

import json
import os
import random
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from conftest import TINY_CONFIG

from sentiment_cli.batch_history import read_batches
from sentiment_cli.config import parse_config
from sentiment_cli.data.archive import unpack
from sentiment_cli.data.contents import decode_review
from sentiment_cli.errors import SentimentError
from sentiment_cli.evaluation.predictions import read_predictions
from sentiment_cli.history import read_history
from sentiment_cli.pretraining.formats import check_vectors_file, read_vectors
from sentiment_cli.results import read_results
from sentiment_cli.runs import Run
from sentiment_cli.text.vocabulary import read_vocabulary
from sentiment_cli.training.checkpoint import restore_checkpoint

pytestmark = [pytest.mark.faults, pytest.mark.timeout(3600)]
SECONDS = float(os.environ.get("SENTIMENT_FUZZ_SECONDS", "20"))
SEED = int(os.environ.get("SENTIMENT_SEED", "1"))
TOKENS = [
    *(b"\0", b"\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b'"', b",", b"\n", b"\r", b"{", b"}", b"[", b"]", b":"),
    *(b"-1", b"1e999", b"nan", b"null", b"9" * 400, b" " * 50),
    *(b"&a ", b"*a", b"!!python/object:os.system ", b"'=1+1", b"../"),
]
DEEP: dict[str, Any] = {}
for _ in range(500):
    DEEP = {"a": DEEP}
VALUES = [
    *(None, True, -1, 0, 10**30, 1e308, float("nan"), float("inf")),
    *("", "x", "\0", "../../etc/passwd", [], {}, [1], {"a": 1}, [[]], [None], DEEP),
]


def damage(content: bytes, rng: random.Random) -> bytes:
    """A few random changes."""
    found = bytearray(content)
    for _ in range(rng.choice([1, 1, 2, 5, 20])):
        at = rng.randrange(len(found) + 1)
        kind = rng.randrange(5)
        if kind == 0 and at < len(found):
            found[at] = rng.randrange(256)
        elif kind == 1:
            del found[at : at + rng.choice([1, 3, 30, 10**6])]
        elif kind == 2:
            found[at:at] = rng.choice(TOKENS)
        elif kind == 3:
            found[at:at] = found[at : at + rng.choice([1, 10, 200])]
        elif at < len(found):
            found[at] ^= 1 << rng.randrange(8)
    return bytes(found)


def replace_values(value: Any, rng: random.Random) -> Any:
    """A copy in which one value, anywhere, is another one, or gone."""
    if not isinstance(value, dict | list) or not value or rng.random() < 0.15:
        return rng.choice(VALUES)
    copy = dict(value) if isinstance(value, dict) else list(value)
    key = rng.choice(list(copy)) if isinstance(copy, dict) else rng.randrange(len(copy))
    if rng.random() < 0.2:
        del copy[key]
    else:
        copy[key] = replace_values(copy[key], rng)
    return copy


def assert_read_or_refused(name: str, change: Callable[[random.Random], Any], read: Callable[[Any], object]) -> None:
    """Read changed inputs until the time is over; an error that is not ours ends it, with the input."""
    rng, tried, refused, started = random.Random(f"{name} {SEED}"), 0, 0, time.monotonic()
    while time.monotonic() - started < SECONDS:
        changed = change(rng)
        tried += 1
        try:
            read(changed)
        except SentimentError:
            refused += 1
        except Exception as error:
            raise AssertionError(f"{name}, input {tried}: {changed!r}") from error
    print(f"{name}: {tried:,} inputs in {SECONDS:.0f} s, {refused:,} refused, {tried - refused:,} read")
    assert refused


def from_file(path: Path, read: Callable[[Path], object]) -> Callable[[bytes], object]:
    """Read bytes as the content of a file."""

    def write_and_read(content: bytes) -> object:
        path.write_bytes(content)
        return read(path)

    return write_and_read


def test_configurations() -> None:
    shipped = [path.read_bytes() for path in Path("configs").glob("*.yaml")] or [TINY_CONFIG.encode()]
    assert_read_or_refused(
        "configurations", lambda rng: damage(rng.choice(shipped), rng), lambda content: parse_config(content, "c.yaml")
    )


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("history.csv", read_history),
        ("batches.csv", read_batches),
        ("predictions-test.csv", read_predictions),
        ("vocabulary.json", read_vocabulary),
        ("config.yaml", lambda path: parse_config(path.read_bytes(), "config.yaml")),
    ],
)
def test_files_of_a_run(trained_run: Path, tmp_path: Path, name: str, read: Callable[[Path], object]) -> None:
    content = (trained_run / name).read_bytes()
    assert_read_or_refused(name, lambda rng: damage(content, rng), from_file(tmp_path / name, read))


def test_tables_of_results(trained_run: Path, tmp_path: Path, cli: Callable[..., Result]) -> None:
    cli("results", trained_run, "-o", tmp_path / "results.csv")
    content = (tmp_path / "results.csv").read_bytes()
    assert_read_or_refused(
        "results.csv", lambda rng: damage(content, rng), from_file(tmp_path / "results.csv", read_results)
    )


def test_reviews() -> None:
    content = "Lovely café.\r\nWe stayed – again!".encode()

    def read(content: bytes) -> None:
        for policy in ("replace", "skip"):
            text = decode_review(content, policy)  # type: ignore[arg-type]
            assert text is None or "\r" not in text

    def refuse(content: bytes) -> None:
        read(content)
        try:
            decode_review(content, "error")
        except UnicodeDecodeError as error:
            raise SentimentError(str(error)) from None

    assert_read_or_refused("reviews", lambda rng: damage(content, rng), refuse)


def test_word_vectors(tmp_path: Path) -> None:
    content = b"3 4\nroom 0.1 0.2 0.3 0.4\nclean -1 2e-3 3 4\ncaf\xc3\xa9 1 1 1 1\n"
    path = tmp_path / "vectors.txt"

    def read(path: Path) -> None:
        check_vectors_file(path, 4)
        read_vectors(path, ["", "[UNK]", "room", "clean"], 4, lambda done: None)

    assert_read_or_refused("word vectors", lambda rng: damage(content, rng), from_file(path, read))


def test_archives(tmp_path: Path) -> None:
    (tmp_path / "aclImdb" / "train").mkdir(parents=True)
    for name in ("README", "train/0_9.txt"):
        (tmp_path / "aclImdb" / name).write_text("A fine film. " * 20, encoding="utf-8")
    with tarfile.open(tmp_path / "a.tar", "w") as file:
        file.add(tmp_path / "aclImdb", "aclImdb")
    import gzip
    import shutil

    content, target = (tmp_path / "a.tar").read_bytes(), tmp_path / "target"
    before = {path for path in tmp_path.rglob("*") if "target" not in path.parts}

    def read(path: Path) -> None:
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        unpack(path, target, top="aclImdb", progress=lambda *_: None)

    def change(rng: random.Random) -> bytes:
        packed = gzip.compress(damage(content, rng), 1)
        return damage(packed, rng) if rng.random() < 0.3 else packed

    assert_read_or_refused("archives", change, from_file(tmp_path / "a.tar.gz", read))
    outside = {path for path in tmp_path.rglob("*") if "target" not in path.parts}
    assert outside - before == {tmp_path / "a.tar.gz"}


@pytest.mark.parametrize("name", ["variables.npz", "state.json", "manifest.json"])
def test_checkpoints(trained_run: Path, run_copy: Path, name: str) -> None:
    from bad_inputs.cases import sign

    from sentiment_cli.config import load_config
    from sentiment_cli.model.network import build_network

    config = load_config(run_copy / "config.yaml")
    network = build_network(config, len(read_vocabulary(Run(run_copy).vocabulary_path)), 2, threads=1)
    checkpoint = max(run_copy.glob("checkpoints/best-*"))
    content = (checkpoint / name).read_bytes()

    def read(content: bytes) -> None:
        (checkpoint / name).write_bytes(content)
        if name != "manifest.json":
            sign(checkpoint)  # as whoever forges one would
        restore_checkpoint(checkpoint, network)

    assert_read_or_refused(f"checkpoints, {name}", lambda rng: damage(content, rng), read)


QUICK = (["runs"], ["misclassified", "tiny"], ["results", "tiny", "-o", "t.csv"], ["compare", "tiny", "other"])
SLOW = (
    ["plot-history", "tiny"],
    ["evaluate", "tiny", "--json"],
    ["predict", "--run", "tiny", "a lovely room"],
    ["train", "--resume", "tiny", "--epochs", "3", "--json"],
)


@pytest.mark.parametrize("name", ["run.json", "metrics.json", "state.json"])
def test_commands_on_a_run_with_other_values(
    run_copy: Path, trained_run: Path, cli: Callable[..., Result], name: str
) -> None:
    import shutil

    from bad_inputs.cases import sign

    shutil.copytree(trained_run, "runs/other")
    [last] = [path.relative_to(run_copy) for path in run_copy.glob("checkpoints/last-*")]
    place = last / name if name == "state.json" else Path(name)
    values = json.loads((run_copy / place).read_text(encoding="utf-8"))

    def read(changed: tuple[Any, list[str]]) -> None:
        (run_copy / place).write_text(json.dumps(changed[0]), encoding="utf-8")
        if name == "state.json":
            sign(run_copy / last)
        result = cli(*changed[1])
        assert result.exit_code in (0, 1, 2), result.output
        if result.exit_code:
            raise SentimentError(result.stderr)
        if changed[1][0] == "train":
            shutil.rmtree(run_copy)
            shutil.copytree(trained_run, run_copy)

    def change(rng: random.Random) -> tuple[Any, list[str]]:
        if name == "state.json":  # which nothing else reads
            return replace_values(values, rng), SLOW[-1]
        return replace_values(values, rng), rng.choice(SLOW if rng.random() < 0.05 else QUICK)

    assert_read_or_refused(f"commands, {name}", change, read)
