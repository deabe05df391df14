"""Does the package give its functions, and not the modules that are called as they are?"""

from __future__ import annotations

import importlib
import inspect
import sys

import pytest

import sentiment_cli.workflows as package


@pytest.mark.parametrize("name", package.__all__)
def test_each_name_is_a_function_or_class_of_a_module_below(name: str) -> None:
    found = getattr(package, name)
    assert inspect.isfunction(found) or inspect.isclass(found)
    assert getattr(importlib.import_module(found.__module__), name) is found


@pytest.mark.parametrize("name", ["train", "evaluate", "probe"])
def test_a_module_that_is_imported_anew_does_not_hide_its_function(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = f"sentiment_cli.workflows.{name}"
    monkeypatch.delitem(sys.modules, module, raising=False)
    importlib.import_module(module)
    assert inspect.isfunction(getattr(package, name))


def test_other_modules_are_attributes_as_ever() -> None:
    assert package.creation is importlib.import_module("sentiment_cli.workflows.creation")


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'tarin'"):
        _ = package.tarin
