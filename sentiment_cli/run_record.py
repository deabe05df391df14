"""What the values of a run's record are: a record may come from a stranger, or from an editor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_TEXT, _WHOLE, _NUMBER = (str,), (int,), (int, float)
_OPTIONAL_TEXT, _OPTIONAL_WHOLE = (str, type(None)), (int, type(None))
_NAMES: dict[type, str] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    type(None): "null",
}

# A tuple lists types of plain values, a dictionary what an object's keys hold, "*" any other key; a list has one item
# for all of its own. A key may be missing.
_KEYS: dict[str, Any] = {
    "format_version": _WHOLE,
    "status": _TEXT,
    "stop_reason": _OPTIONAL_TEXT,
    "started": _TEXT,
    "ended": _TEXT,
    "commands": [_TEXT],
    "config_name": _OPTIONAL_TEXT,
    "config": {},
    "seed": _WHOLE,
    "class_names": [_TEXT],
    "data": {
        "source": _TEXT,
        "root": _TEXT,
        "fingerprint": _TEXT,
        "test_fingerprint": _OPTIONAL_TEXT,
        "files": _WHOLE,
    },
    "versions": {"*": _OPTIONAL_TEXT},
    "commit": _OPTIONAL_TEXT,
    "processor": _TEXT,
    "cores": _WHOLE,
    "pretrained": {"directory": _TEXT, "sha256": _TEXT},
    "unlabelled": _TEXT,
    "device": _TEXT,
    "parameters": _WHOLE,
    "planned_epochs": _WHOLE,
    "plan": {},
    "vocabulary": {"size": _WHOLE, "sha256": _TEXT},
    "epochs": _WHOLE,
    "best_epoch": _OPTIONAL_WHOLE,
    "extended_from": _WHOLE,
    "evaluated_epoch": _OPTIONAL_WHOLE,
    "refit": {"epochs": _WHOLE, "reviews": _WHOLE, "finished": (bool,)},
    "seconds": {"*": _NUMBER},
    "seeds": [_WHOLE],
    "folds": _WHOLE,
    "variants": [{"name": _TEXT, "cell": _TEXT, "bidirectional": (bool,)}],
    "baselines": {"*": {"*": (int, float, type(None))}},
    "evaluate_test": (bool,),
    "search": {
        "grid": [_TEXT],
        "random": [_TEXT],
        "metric": _TEXT,
        "sampler": _TEXT,
        "prune": (bool,),
        "seed": _WHOLE,
    },
    "split_seed": _OPTIONAL_WHOLE,
    "max_trials": _OPTIONAL_WHOLE,
    "max_minutes": (int, float, type(None)),
    "jobs": _WHOLE,
    "trials": [
        {
            "number": _WHOLE,
            "state": _TEXT,
            "values": {"*": _TEXT},
            "value": (int, float, type(None)),
            "epoch": _OPTIONAL_WHOLE,
            "epochs": _WHOLE,
            "seconds": (int, float, type(None)),
            "reason": _OPTIONAL_TEXT,
        }
    ],
    "importances": {"*": _NUMBER},
}


def find_fault(record: Mapping[str, Any]) -> str | None:
    """The first value that is not what it has to be, as ``key: expected …, received …``; None where there is none."""
    return _fault(record, _KEYS, "")


def _fault(value: Any, expected: Any, key: str) -> str | None:
    if isinstance(expected, dict):
        if not isinstance(value, dict):
            return f"{key}: expected an object, received {_kind(value)}"
        kinds = {name: expected.get(name, expected.get("*")) for name in value}
        faults = (
            _fault(value[name], kind, f"{key}.{name}".strip(".")) for name, kind in kinds.items() if kind is not None
        )
        return next(filter(None, faults), None)
    if isinstance(expected, list):
        if not isinstance(value, list):
            return f"{key}: expected a list, received {_kind(value)}"
        return next(filter(None, (_fault(item, expected[0], f"{key}.{i}") for i, item in enumerate(value))), None)
    if type(value) in expected:
        return None
    return f"{key}: expected {' or '.join(_NAMES[kind] for kind in expected)}, received {_kind(value)}"


def _kind(value: Any) -> str:
    kinds: dict[type, str] = {dict: "an object", list: "a list", **_NAMES}
    return kinds[type(value)]  # JSON has no others
