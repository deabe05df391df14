"""Optional libraries: which extra brings which, and what to do where one is missing."""

from __future__ import annotations

import contextlib
import functools
import importlib
from collections.abc import Mapping
from importlib import metadata
from types import ModuleType

from sentiment_cli.errors import SentimentError, signal_behind

# The names of the distribution's extras, by the module that each is needed for.
_EXTRAS = {
    "pyarrow": "import",
    "openpyxl": "import",
    "optuna": "sweep",
    "onnx": "export",
    "onnxruntime": "export",
    "ray": "ray",
}


class MissingExtraError(SentimentError):
    """A library that the base installation leaves out is not there."""


def require(module: str, purpose: str) -> ModuleType:
    """Import an optional library.

    Args:
        module: its name, for example ``pyarrow.parquet``.
        purpose: what it is needed for, as the beginning of a sentence: ``Reading Parquet files``.

    Raises:
        MissingExtraError: it is not installed, or it is broken; the message has the command that installs it.
    """
    name = module.partition(".")[0]
    try:
        return importlib.import_module(module)
    except ImportError as error:
        if stop := signal_behind(error):
            raise stop from None
        found = isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] == name
        why = f"{name}, which is not installed" if found else f"{name}, which cannot be loaded ({error})"
        raise MissingExtraError(
            f"{purpose} needs {why}. Do that: pip install 'sentiment-cli[{_EXTRAS[name]}]'"
        ) from None


def installed_versions() -> dict[str, str | None]:
    """The versions of the optional libraries by name; None for what is not installed."""
    return {name: version_of(name) for name in _EXTRAS}


def extra_of(name: str) -> str:
    """The extra that brings a library."""
    return _EXTRAS[name]


def version_of(module: str) -> str | None:
    """The version of what was installed for a module, also under another name (``onnxruntime-gpu``); None: nothing."""
    with contextlib.suppress(metadata.PackageNotFoundError):
        return metadata.version(module)
    for name in _distributions().get(module, ()):
        with contextlib.suppress(metadata.PackageNotFoundError):
            return metadata.version(name)
    return None


@functools.cache
def _distributions() -> Mapping[str, list[str]]:
    """By the modules that they have; to find them reads all that is installed."""
    return metadata.packages_distributions()
