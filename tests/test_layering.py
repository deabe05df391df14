"""Do imports point down only, and do heavy libraries stay where they belong? See CONTRIBUTING.md for the layers."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import sentiment_cli

PACKAGE = "sentiment_cli"
ROOT = Path(sentiment_cli.__file__).parent

# The rank of a module is that of its longest prefix here. A new module of `text`, `training` or `evaluation` that
# needs neither TensorFlow nor Keras gets a line of its own.
RANKS = {
    "": 0,
    "errors": 0,
    "extras": 0,
    "ahead": 0,
    "analysis": 2,
    "atomic": 0,
    "checkout": 0,
    "baseline": 2,
    "batch_history": 2,
    "cluster": 1,
    "cores": 0,
    "config": 1,
    "run_record": 0,
    "run_search": 1,
    "run_sets": 1,
    "runs": 1,
    "ray_cluster": 2,
    "resources": 1,
    "curves": 2,
    "data": 2,
    "diagnosis": 2,
    "evaluation": 2,
    "explanation": 3,
    "explanation.cells": 2,
    "explanation.growth": 2,
    "explanation.reading": 2,
    "explanation.result": 2,
    "exports": 3,
    "exports.batches": 2,
    "exports.comparison": 2,
    "exports.guide": 2,
    "exports.latency": 2,
    "exports.layout": 2,
    "exports.runtimes": 2,
    "history": 2,
    "importing": 2,
    "learning_rates": 2,
    "locking": 1,
    "machine": 0,
    "misclassified": 2,
    "pages": 2,
    "picture_look": 0,
    "report": 2,
    "results": 2,
    "search": 2,
    "seeds": 2,
    "scoring": 2,
    "tables": 0,
    "tabular": 2,
    "text_chart": 2,
    "text_history": 2,
    "ticks": 0,
    "plots": 2,
    "pretraining": 2,
    "probes": 2,
    "recurrent.conditions": 2,
    "runtime": 2,
    "text.alignment": 2,
    "text.token_ids": 2,
    "text.vocabulary": 2,
    "training.advice": 2,
    "training.batches": 2,
    "training.checkpoint": 2,
    "training.checkpoints": 2,
    "training.interruption": 2,
    "training.memory": 2,
    "training.plan": 2,
    "training.progress": 2,
    "training.state": 2,
    "training.weights": 2,
    "data.loading": 3,
    "model": 3,
    "onnx_export": 3,
    "pretraining.language_model": 3,
    "pretraining.passes": 3,
    "recurrent": 3,
    "text": 3,
    "training": 3,
    "workflows": 4,
    "cli": 5,
    "__main__": 5,
}
WORKFLOWS, CLI = RANKS["workflows"], RANKS["cli"]
HEAVY = {
    "numpy": 2,
    "numba": 3,
    "sklearn": 2,
    "matplotlib": 2,
    "gensim": 3,
    "tensorflow": 3,
    "keras": 3,
    "pyarrow": 2,
    "openpyxl": 2,
    "optuna": 2,
    "onnx": 2,
    "onnxruntime": 2,
    "ray": 4,
}
# What the command line may import before it knows which command it is; the rest goes into bodies.
AT_START = {"click"}


@dataclass(frozen=True)
class Import:
    """One imported module, with the line that imports it.

    Args:
        module: full name; ``from package import name`` is ``package.name`` where that is a module.
        line: from 1.
        at_start: it runs when the importing module is imported.
        typing_only: it is below ``if TYPE_CHECKING:`` and never runs.
    """

    module: str
    line: int
    at_start: bool
    typing_only: bool


def find_modules(root: Path) -> dict[str, Path]:
    """The modules below a package directory by their names within it; the package itself is the empty name."""
    names = {}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        names[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return names


def find_imports(path: Path, module: str, modules: dict[str, Path]) -> list[Import]:
    """All imports of a file, wherever in it they are."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    return list(_walk(ast.parse(path.read_text(encoding="utf-8")), package, modules, True, False))


def _walk(node: ast.AST, package: str, modules: dict[str, Path], at_start: bool, typing_only: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            for name in _names(child, package, modules):
                yield Import(name, child.lineno, at_start, typing_only)
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            yield from _walk(ast.Module(child.body, []), package, modules, at_start, True)
            yield from _walk(ast.Module(child.orelse, []), package, modules, at_start, typing_only)
        else:
            is_body = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from _walk(child, package, modules, at_start and not is_body, typing_only)


def _names(node: ast.Import | ast.ImportFrom, package: str, modules: dict[str, Path]) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
        return
    base = node.module or ""
    if node.level:
        parts = [PACKAGE, *filter(None, package.split("."))]
        base = ".".join([*parts[: len(parts) - node.level + 1], *filter(None, [node.module])])
    for alias in node.names:
        full = f"{base}.{alias.name}"
        yield full if _inside(full) in modules else base


def _inside(name: str) -> str | None:
    """``sentiment_cli.data.imdb`` as ``data.imdb``; None for what is not ours."""
    if name == PACKAGE:
        return ""
    return name.removeprefix(f"{PACKAGE}.") if name.startswith(f"{PACKAGE}.") else None


def rank(module: str) -> int | None:
    """The rank of a module; None where the table has no line for it."""
    if not module:
        return RANKS[""]
    parts = module.split(".")
    prefixes = (".".join(parts[:end]) for end in range(len(parts), 0, -1))
    return next((RANKS[prefix] for prefix in prefixes if prefix in RANKS), None)


def package_rank(module: str, imports: list[Import], modules: dict[str, Path]) -> int | None:
    """A package's ``__init__`` has the rank of the highest module of its own that it imports, at least 0."""
    own = [_inside(item.module) for item in imports if not item.typing_only]
    inner = [rank(name) for name in own if name and name.startswith(f"{module}." if module else "")]
    return max((value for value in inner if value is not None), default=0)


def find_violations(root: Path) -> list[str]:
    """Every import that breaks a rule of the layers, as ``file:line: what and why``."""
    modules, found = find_modules(root), []
    for module, path in modules.items():
        imports = find_imports(path, module, modules)
        own = rank(module)
        if path.name == "__init__.py" and module not in ("cli", "workflows"):
            own = package_rank(module, imports, modules)
        where = path.relative_to(root.parent).as_posix()
        if own is None:
            found.append(f"{where}:1: {module} has no rank; add it to RANKS in tests/test_layering.py")
            continue
        found += [f"{where}:{item.line}: {why}" for item in imports for why in _broken_rules(module, own, item)]
    return found


def _broken_rules(module: str, own: int, item: Import) -> Iterator[str]:
    inside = _inside(item.module)
    if inside is None:
        yield from _broken_library_rules(module, own, item)
        return
    other = rank(inside)
    if other is None:
        yield f"{item.module} is no module of the package with a rank"
    elif other > own:
        yield f"{module} (rank {own}) imports {inside} (rank {other}); imports point down only"
    elif own == CLI and item.at_start and not item.typing_only and 1 < other < CLI:
        yield f"{module} imports {inside} (rank {other}) at its top; in cli only ranks 0 and 1, the rest inside bodies"


def _broken_library_rules(module: str, own: int, item: Import) -> Iterator[str]:
    library = item.module.partition(".")[0]
    if item.typing_only or not item.at_start:
        return
    if own < HEAVY.get(library, 0):
        yield f"{module} (rank {own}) imports {library} at its top; allowed from rank {HEAVY[library]}"
    if own == CLI and (library in HEAVY or (library in THIRD_PARTY and library not in AT_START)):
        yield f"{module} imports {library} at its top; in cli only {', '.join(AT_START)}, the rest inside bodies"


# Those of its extras; `extras.require` imports them, by name.
OPTIONAL = {"pyarrow", "openpyxl", "optuna", "onnx", "onnxruntime", "ray"}
# The dependencies of pyproject.toml by the names that they are imported by.
THIRD_PARTY = {
    *HEAVY,
    "click",
    "filelock",
    "jinja2",
    "markupsafe",
    "platformdirs",
    "psutil",
    "pydantic",
    "pydantic_core",
    "rich",
    "scipy",
    "yaml",
}


def find_cycle(root: Path) -> list[str]:
    """Modules that import each other when they are imported, in order; empty when there are none."""
    modules = find_modules(root)
    graph = {
        module: sorted(
            {
                inside
                for item in find_imports(path, module, modules)
                if item.at_start and not item.typing_only and (inside := _inside(item.module)) is not None
            }
        )
        for module, path in modules.items()
    }
    done: set[str] = set()
    for module in graph:
        if cycle := _cycle_from(module, graph, done, []):
            return cycle
    return []


def _cycle_from(module: str, graph: dict[str, list[str]], done: set[str], trail: list[str]) -> list[str]:
    if module in trail:
        return [*trail[trail.index(module) :], module]
    if module in done:
        return []
    for other in graph.get(module, []):
        if cycle := _cycle_from(other, graph, done, [*trail, module]):
            return cycle
    done.add(module)
    return []


def test_imports_point_down_and_heavy_libraries_stay_where_they_belong() -> None:
    violations = find_violations(ROOT)
    assert not violations, "\n".join(violations)


def test_no_modules_import_each_other() -> None:
    cycle = find_cycle(ROOT)
    assert not cycle, " -> ".join(cycle)


def test_every_line_of_the_table_is_a_module() -> None:
    assert set(RANKS) <= set(find_modules(ROOT))


def test_every_library_that_is_imported_is_known_here() -> None:
    modules = find_modules(ROOT)
    imported = {
        item.module.partition(".")[0]
        for module, path in modules.items()
        for item in find_imports(path, module, modules)
    }
    assert imported - sys.stdlib_module_names - {PACKAGE} - OPTIONAL == THIRD_PARTY - OPTIONAL


# The guard guarded: each rule, broken on purpose.


def plant(tmp_path: Path, sources: dict[str, str]) -> Path:
    """A package of the given modules, named by their paths within it without ``.py``."""
    root = tmp_path / PACKAGE
    for name, source in sources.items():
        path = root / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")
    return root


OTHERS = ("errors", "runs", "history", "cli/__init__", "data/__init__", "data/loading", "workflows/train")
TYPING = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    "
BODY = "def f() -> None:\n    "


@pytest.mark.parametrize(
    ("module", "source", "rule"),
    [
        ("errors", "from sentiment_cli.runs import Run", "errors.py:1: errors (rank 0) imports runs (rank 1)"),
        ("errors", "from sentiment_cli import runs", "imports runs (rank 1)"),
        ("errors", "import sentiment_cli.runs", "imports runs (rank 1)"),
        ("errors", "from . import runs", "imports runs (rank 1)"),
        ("errors", "\n\nfrom .runs import Run", "errors.py:3: errors (rank 0) imports runs (rank 1)"),
        ("data/imdb", "from .. import cli", "data.imdb (rank 2) imports cli (rank 5)"),
        (
            "history",
            BODY + "from sentiment_cli.data import loading",
            "history.py:2: history (rank 2) imports data.load",
        ),
        ("history", TYPING + "from sentiment_cli.workflows.train import x", "imports workflows.train (rank 4)"),
        ("history", "try:\n    import sentiment_cli.cli\nfinally:\n    pass", "imports cli (rank 5)"),
        ("history", "class A:\n    import sentiment_cli.cli", "imports cli (rank 5)"),
        ("workflows/train", BODY + "from sentiment_cli.cli import main", "workflows.train (rank 4) imports cli"),
        ("cli/train", "from sentiment_cli.workflows.train import x", "in cli only ranks 0 and 1"),
        ("cli/train", "from sentiment_cli.history import History", "in cli only ranks 0 and 1"),
        ("cli/train", "import rich.table", "in cli only click"),
        ("cli/train", "import numpy as np", "in cli only click"),
        ("config/schema", "import numpy as np", "config.schema (rank 1) imports numpy at its top"),
        ("runtime", "import tensorflow as tf", "runtime (rank 2) imports tensorflow at its top"),
        ("data/imdb", "from keras import utils", "data.imdb (rank 2) imports keras at its top"),
        ("training/batches", "if True:\n    import keras.ops", "imports keras at its top; allowed from rank 3"),
        ("brand_new", "", "brand_new.py:1: brand_new has no rank; add it to RANKS in tests/test_layering.py"),
        ("history", "from sentiment_cli.gone import x", "sentiment_cli.gone is no module of the package with a rank"),
    ],
)
def test_a_broken_rule_is_found(tmp_path: Path, module: str, source: str, rule: str) -> None:
    violations = find_violations(plant(tmp_path, {**dict.fromkeys(OTHERS, ""), module: source}))
    assert len(violations) == 1
    assert rule in violations[0]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("runs", "from sentiment_cli.errors import RunError"),
        ("data/imdb", "from sentiment_cli.history import History"),
        ("runtime", BODY + "import tensorflow"),
        ("runtime", TYPING + "import tensorflow"),
        ("workflows/train", "from sentiment_cli.data.loading import x\nimport keras"),
        ("cli/train", BODY + "from sentiment_cli.workflows import train\n    import rich"),
        ("cli/train", TYPING + "from sentiment_cli.history import History"),
        ("cli/train", "import click\nimport sys\nfrom sentiment_cli.runs import Run"),
        ("text/vectorizer", "import tensorflow as tf\nimport numpy as np"),
    ],
)
def test_a_kept_rule_is_no_violation(tmp_path: Path, module: str, source: str) -> None:
    root = plant(tmp_path, {**dict.fromkeys(OTHERS, ""), module: source})
    assert find_violations(root) == []


def test_modules_that_import_each_other_are_found_in_order(tmp_path: Path) -> None:
    sources = {
        "runs": "from sentiment_cli import history",
        "history": "from sentiment_cli.data.imdb import x",
        "data/imdb": "import sentiment_cli.runs",
    }
    root = plant(tmp_path, sources)
    assert find_cycle(root) == ["data.imdb", "runs", "history", "data.imdb"]


@pytest.mark.parametrize("source", [BODY + "import sentiment_cli.runs", TYPING + "import sentiment_cli.runs"])
def test_an_import_that_does_not_run_at_start_closes_no_cycle(tmp_path: Path, source: str) -> None:
    assert find_cycle(plant(tmp_path, {"runs": "import sentiment_cli.history", "history": source})) == []
