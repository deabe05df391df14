"""What the tests share: a callable command line, tiny reviews, and one tiny trained run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from sentiment_cli.training.progress import Silent

# Nothing here may depend on the terminal, the user's home, or reviews that happen to be on the machine.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"

# Word lists that a network learns within an epoch or two; every review gets its own number of them.
GOOD = ("lovely warm kind quiet", "wonderful hosts lovely breakfast", "quiet kind lovely room", "warm wonderful stay")
BAD = ("dirty cold rude loud", "awful shower cold breakfast", "loud rude dirty room", "cold awful stay")


class Told(Silent):
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.warnings: list[str] = []
        self.phases: list[str] = []

    def note(self, message: str) -> None:
        self.notes.append(message)

    def warn(self, message: str) -> None:
        self.warnings.append(message)

    def phase(self, name: str, total: int | None = None) -> None:
        self.phases.append(name)

    @property
    def lines(self) -> list[str]:
        """Notes, then warnings."""
        return [*self.notes, *self.warnings]


def kept_pretrained() -> list[Path]:
    """What pretrainings left in the user's cache directory."""
    from sentiment_cli.resources import pretrained_dir

    return sorted(pretrained_dir().iterdir()) if pretrained_dir().exists() else []


def checkpoint_arrays(run: Path, kind: str = "last") -> dict[str, np.ndarray]:
    """All that the latest checkpoint of a kind holds, by name."""
    latest = max((run / "checkpoints").glob(f"{kind}-*"))
    with np.load(latest / "variables.npz") as archive:
        return dict(archive.items())


def assert_same_checkpoints(run: Path, other: Path, kinds: tuple[str, ...] = ("best", "last")) -> None:
    """Bit for bit."""
    for kind in kinds:
        one, two = checkpoint_arrays(run, kind), checkpoint_arrays(other, kind)
        assert one.keys() == two.keys()
        for name, array in one.items():
            np.testing.assert_array_equal(array, two[name], err_msg=f"{kind}: {name}")


def damage_checkpoints(run: Path, kind: str, count: int | None = None) -> list[Path]:
    """Cut the arrays off in the latest so many checkpoints of a kind; None: in all. Returns them."""
    damaged = sorted((run / "checkpoints").glob(f"{kind}-*"), reverse=True)[:count]
    for path in damaged:
        (path / "variables.npz").write_bytes((path / "variables.npz").read_bytes()[:-50])
    return damaged


def write_reviews(directory: Path, texts: dict[str, list[str]]) -> Path:
    """Write ``{class: [text, …]}`` as class directories below ``directory``, which is returned."""
    for name, reviews in texts.items():
        (directory / name).mkdir(parents=True, exist_ok=True)
        for index, text in enumerate(reviews):
            (directory / name / f"{index:03}.txt").write_text(text, encoding="utf-8", newline="")
    return directory


def tiny_texts(count: int, start: int = 0) -> dict[str, list[str]]:
    """Reviews of two classes, different from each other, 4 to 9 words long."""
    return {
        name: [" ".join([words[i % 4], *["the"] * (i % 5), f"room{i}"]) for i in range(start, start + count)]
        for name, words in (("bad", BAD), ("good", GOOD))
    }


@pytest.fixture(autouse=True)
def isolated(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A home without configuration, no data directory, a fixed width, no colour."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    monkeypatch.delenv("SENTIMENT_DATA", raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.fixture(params=["returns a tilde", "raises"])
def homeless(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user whom the machine does not know, with either answer of platformdirs to that."""
    import platformdirs

    def place(name: str) -> Path:
        if request.param == "raises":
            raise RuntimeError("could not determine the home directory")
        return Path("~/.cache") / name

    monkeypatch.setattr(platformdirs, "user_cache_path", place)


@pytest.fixture
def cli() -> Callable[..., Result]:
    """Run a command in this process: ``cli("train", "--name", "first")``; no test takes a bug for a refusal."""
    from sentiment_cli.cli import main

    def run(*arguments: str | Path, input: str | bytes | None = None) -> Result:
        result = CliRunner().invoke(main, [str(one) for one in arguments], input=input, catch_exceptions=False)
        assert "This is a bug in sentiment" not in result.stderr, result.stderr
        return result

    return run


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def tiny_reviews(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """20 training and 8 test reviews of each of two classes, ``bad`` and ``good``. Not to be changed."""
    root = tmp_path_factory.mktemp("reviews") / "tiny"
    write_reviews(root / "train", tiny_texts(20))
    write_reviews(root / "test", tiny_texts(8, start=100))
    return root


TINY_CONFIG = """\
data: {{source: "{source}", validation_fraction: 0.25}}
text: {{max_tokens: 50, sequence_length: 12}}
model:
  embedding: {{dim: 4}}
  recurrent: [{{cell: gru, units: 3}}]
  pooling: max
training: {{epochs: 2, batch_size: 8, learning_rate: 0.05, seed: 3}}
"""


@pytest.fixture(scope="session")
def tiny_config(tiny_reviews: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration that trains on `tiny_reviews` in a moment. Not to be changed."""
    path = tmp_path_factory.mktemp("config") / "tiny.yaml"
    path.write_text(TINY_CONFIG.format(source=tiny_reviews.as_posix()), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def trained_run(tiny_config: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of `tiny_config`, trained once for all tests. Not to be changed: see `run_copy`."""
    from sentiment_cli.config import load_config
    from sentiment_cli.workflows import train

    directory = tmp_path_factory.mktemp("runs") / "tiny"
    train(load_config(tiny_config), directory, command="sentiment train -c tiny.yaml")
    return directory


@pytest.fixture
def run_copy(trained_run: Path, workplace: Path) -> Iterator[Path]:
    """A copy of `trained_run` at ``runs/tiny`` in an empty working directory, to be changed at will."""
    target = workplace / "runs" / "tiny"
    shutil.copytree(trained_run, target)
    yield target


@pytest.fixture
def drawn() -> None:
    """Overrules `undrawn` for one test of a file."""


@pytest.fixture
def undrawn(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are composed and saved without being drawn, for tests that look at no picture.

    Each takes a fifth of a second otherwise. `trained_run` and what modules share are drawn, being made before.
    """
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    if "drawn" in request.fixturenames:
        return

    def save(figure: Figure, path: Path, **options: object) -> None:
        Path(path).write_bytes(b"a picture")

    monkeypatch.setattr(Figure, "savefig", save)
    monkeypatch.setattr(ConstrainedLayoutEngine, "execute", lambda engine, figure: None)


@pytest.fixture
def at_once() -> Iterator[None]:
    """TensorFlow's functions run without tracing, which takes longer than tiny networks do."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)
