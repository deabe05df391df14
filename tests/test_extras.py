"""Does a missing optional library give the command that installs it?"""

from __future__ import annotations

import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

import sentiment_cli
from sentiment_cli import extras
from sentiment_cli.errors import Interrupted
from sentiment_cli.extras import MissingExtraError, require

PYPROJECT = Path(sentiment_cli.__file__).parents[1] / "pyproject.toml"


def test_a_library_that_is_there_is_imported() -> None:
    assert require("pyarrow.parquet", "Reading Parquet files").__name__ == "pyarrow.parquet"


@pytest.mark.parametrize(
    ("module", "extra"), [("pyarrow.parquet", "import"), ("optuna", "sweep"), ("onnx", "export"), ("ray.train", "ray")]
)
def test_a_missing_library_gives_the_command(module: str, extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (module, module.partition(".")[0]):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtraError, match=rf"^This needs .* pip install 'sentiment-cli\[{extra}\]'$"):
        require(module, "This")


def test_a_broken_library_is_not_called_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "optuna").mkdir()
    (tmp_path / "optuna" / "__init__.py").write_text("import nothing_of_that_name", encoding="utf-8")
    for name in [name for name in sys.modules if name.partition(".")[0] == "optuna"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(MissingExtraError, match=r"cannot be loaded .*nothing_of_that_name"):
        require("optuna", "Searching")


def test_a_stop_that_a_library_takes_for_an_error_is_a_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(name: str) -> None:
        try:
            raise Interrupted("Stopped.")
        except Interrupted as error:
            raise ImportError(f"{name} cannot be initialized") from error

    monkeypatch.setattr(extras.importlib, "import_module", load)
    with pytest.raises(Interrupted, match=r"^Stopped\.$"):
        require("optuna", "Searching")


def test_the_version_is_found_where_the_distribution_is_called_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {"onnx": "1.19", "onnxruntime-gpu": "1.23"}

    def version(name: str) -> str:
        if name not in versions:
            raise metadata.PackageNotFoundError(name)
        return versions[name]

    extras._distributions.cache_clear()
    monkeypatch.setattr(metadata, "version", version)
    monkeypatch.setattr(metadata, "packages_distributions", lambda: {"onnxruntime": ["onnxruntime-gpu"]})
    try:
        assert [extras.version_of(name) for name in ("onnx", "onnxruntime", "optuna")] == ["1.19", "1.23", None]
    finally:
        extras._distributions.cache_clear()


def test_every_extra_that_a_message_names_brings_its_library() -> None:
    project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
    for module, extra in extras._EXTRAS.items():
        assert any(line.startswith(module) for line in project["optional-dependencies"][extra]), (module, extra)
