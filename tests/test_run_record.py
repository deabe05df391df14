"""Is a record with values of other kinds refused with the key, and a sound one taken?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sentiment_cli.errors import RunError
from sentiment_cli.run_record import find_fault
from sentiment_cli.runs import Run


def test_the_record_of_a_training_has_no_fault(trained_run: Path) -> None:
    assert find_fault(Run(trained_run).read_record()) is None


@pytest.mark.parametrize(
    ("record", "fault"),
    [
        ({}, None),
        ({"something": [None]}, None),
        ({"status": None}, "status: expected text, received null"),
        ({"epochs": True}, "epochs: expected a whole number, received true or false"),
        ({"best_epoch": None}, None),
        ({"best_epoch": 1.0}, "best_epoch: expected a whole number or null, received a number"),
        ({"class_names": "pos"}, "class_names: expected a list, received text"),
        ({"class_names": ["pos", 2]}, "class_names.1: expected text, received a whole number"),
        ({"data": []}, "data: expected an object, received a list"),
        ({"data": {"root": {}}}, "data.root: expected text, received an object"),
        ({"data": {"more": 1}}, None),
        ({"seconds": {"total": 1, "training": 0.5}}, None),
        ({"seconds": {"new": "1"}}, "seconds.new: expected a whole number or a number, received text"),
        ({"config": 3}, "config: expected an object, received a whole number"),
    ],
    ids=str,
)
def test_the_first_fault_is_named_with_its_key(record: dict[str, Any], fault: str | None) -> None:
    assert find_fault(record) == fault


def test_a_run_with_a_faulty_record_is_refused_with_file_and_key(run_copy: Path) -> None:
    run = Run(run_copy)
    run.write_record({**run.read_record(), "data": "reviews"})
    with pytest.raises(RunError, match=r"run\.json: data: expected an object, received text\."):
        run.read_record()
