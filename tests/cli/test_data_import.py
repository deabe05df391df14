"""Does `data import` make reviews of the tables that people have, and say what it did?"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from sentiment_cli.importing.settings import Input, open_inputs

Cli = Callable[..., Result]
TABLE = """\
id,review,stars
a,"Lovely room,
quiet",5
b,Cold room,1
c,,1
d,So so,3
e,Warm bed,4
f,Cold room,2
"""
MAP = "1,2=negative 4,5=positive"


@pytest.fixture
def table(workplace: Path) -> Path:
    (workplace / "t.csv").write_text(TABLE, encoding="utf-8")
    return workplace / "t.csv"


def test_a_table_becomes_reviews_that_can_be_trained_on(cli: Cli, table: Path) -> None:
    result = cli("data", "import", "t.csv", "--id", "id", "--rating", "stars", "--map", MAP, "--to", "reviews")
    assert result.exit_code == 0, result.stderr
    lines = [" ".join(line.split()) for line in result.stdout.splitlines() if line.strip(" ─")]
    assert [line for line in lines if not line.startswith("time")] == [
        "directory reviews",
        f"read {table}: CSV, separated by commas, in UTF-8, 6 rows",
        "columns text from 'review', label from 'stars', id from 'id', rating from 'stars'",
        "rows 6 read, 4 written, 2 left out",
        "part negative positive reviews",
        "all 2 2 4",
        "left out rows the first",
        "no text 1 t.csv:5",
        "none of the wanted classes 1 t.csv:6",
        "worth a look rows the first",
        "text of an earlier row 1 t.csv:8 = t.csv:4",
        "Values that are none of the wanted classes: 3 (1).",
    ]
    assert result.stderr == "Next: sentiment train --data reviews\n"
    assert sorted(path.name for path in Path("reviews").rglob("*.txt")) == [
        "a__5.txt",
        "b__1.txt",
        "e__4.txt",
        "f__2.txt",
    ]
    assert Path("reviews/positive/a__5.txt").read_text(encoding="utf-8") == "Lovely room,\nquiet"


def test_json_has_everything(cli: Cli, table: Path) -> None:
    value = json.loads(cli("data", "import", "t.csv", "--map", MAP, "--to", "reviews", "--json").stdout)
    assert value == json.loads(Path("reviews/import.json").read_text(encoding="utf-8"))
    assert (value["rows"], value["written"]) == (6, 4)
    assert value["reviews"] == {"all": {"negative": 2, "positive": 2}}


def test_each_number_is_a_class_without_a_map_and_the_map_is_proposed(cli: Cli, table: Path) -> None:
    result = cli("data", "import", "t.csv", "--to", "reviews")
    assert "the classes are the numbers 1, 2, 3, 4, 5; to make others of them: --map" in result.stdout


@pytest.mark.parametrize(
    ("content", "options"),
    [
        (b"text;label\nlovely; warm;good\n" + b'"cold; wet";bad\nkind;good\n', ()),
        ("text\tlabel\nschön\tgood\nkalt\tbad\n".encode("utf-16"), ()),
        ("label,text\ngood,caf\xe9\nbad,na\xefve\n".encode("latin-1"), ()),
        (b"good|lovely\nbad|cold\n", ("--no-header", "--delimiter", "|", "--text", "2", "--label", "1")),
        ("text,label\nсупер,good\nплохо,bad\n".encode("cp1251"), ("--encoding", "cp1251")),
    ],
    ids=["semicolons", "utf-16 with tabs", "latin-1", "no header", "told"],
)
def test_usual_shapes_are_read(cli: Cli, workplace: Path, content: bytes, options: tuple[str, ...]) -> None:
    (workplace / "t.csv").write_bytes(content)
    result = cli("data", "import", "t.csv", "--to", "reviews", *options)
    assert result.exit_code == 0, result.stderr
    assert sorted(path.name for path in Path("reviews").iterdir()) == ["bad", "good", "import.json"]


def test_a_share_of_the_texts_becomes_the_test_part(cli: Cli, workplace: Path) -> None:
    rows = [f"review {number},{('bad', 'good')[number % 2]}\n" for number in range(60)]
    (workplace / "t.csv").write_text("text,label\n" + "".join(rows), encoding="utf-8")
    command = ("data", "import", "t.csv", "--test-fraction", "0.3", "--json", "--to")
    first, again, other = (json.loads(cli(*command, *end).stdout) for end in (["a"], ["b"], ["c", "--seed", "1"]))
    assert sum(first["reviews"]["test"].values()) + sum(first["reviews"]["train"].values()) == 60
    assert first["reviews"] == again["reviews"]

    def names(to: str) -> list[str]:
        return sorted(path.name for path in Path(to, "test").rglob("*.txt"))

    assert names("a") == names("b") != names("c")
    assert other["settings"]["seed"] == 1


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (
            ("--test", "t2.csv", "--test-fraction", "0.2"),
            2,
            "--test and --test-fraction both say what the test part is",
        ),
        (("--test-fraction", "1.5"), 2, "--test-fraction: expected a number above 0 and below 1, received 1.5."),
        (("--map", "1"), 2, "--map: expected VALUE,…=CLASS"),
        (("--classes", "1"), 2, "--classes: expected two different classes or more"),
        (("--classes", "1,1"), 2, "--classes: expected two different classes or more"),
        (("--text", "revue"), 1, 'there is no column "revue"; did you mean "review"?'),
        (("--to", "t.csv"), 1, "t.csv is a file; expected a directory that is not there yet"),
        (("--to", "full"), 1, "full exists and was not made by an import"),
        (("--to", "."), 1, ". is a directory that cannot be replaced: the working directory, or a mount point."),
        (("--encoding", "utf-9"), 2, "utf-9"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    cli: Cli, table: Path, options: tuple[str, ...], code: int, message: str
) -> None:
    Path("full").mkdir()
    Path("full/own.txt").write_text("mine", encoding="utf-8")
    before = sorted(path.name for path in table.parent.rglob("*"))
    result = cli("data", "import", "t.csv", *(() if "--to" in options else ("--to", "reviews")), *options)
    assert (result.exit_code, result.stdout) == (code, "")
    assert message in result.stderr
    assert sorted(path.name for path in table.parent.rglob("*")) == before


def test_an_import_is_replaced_on_request_alone(cli: Cli, table: Path) -> None:
    assert cli("data", "import", "t.csv", "--to", "reviews").exit_code == 0
    result = cli("data", "import", "t.csv", "--map", MAP, "--to", "reviews")
    assert result.exit_code == 1
    assert "reviews exists. Look at it with `sentiment data check reviews`, replace it with --force" in result.stderr
    assert Path("reviews/5").is_dir()
    assert cli("data", "import", "t.csv", "--map", MAP, "--to", "reviews", "--force").exit_code == 0
    assert sorted(path.name for path in Path("reviews").iterdir()) == ["import.json", "negative", "positive"]


def test_an_import_that_another_process_made_meanwhile_is_not_replaced(
    cli: Cli, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def open_slowly(*arguments: Any) -> list[Input]:
        Path("reviews").mkdir()
        Path("reviews/import.json").write_text("{}", encoding="utf-8")
        return open_inputs(*arguments)

    # By its name in `workflows` it is the function.
    monkeypatch.setattr(importlib.import_module("sentiment_cli.workflows.import_data"), "open_inputs", open_slowly)
    result = cli("data", "import", "t.csv", "--to", "reviews")
    assert result.exit_code == 1
    assert "reviews exists. Look at it" in result.stderr
    assert [path.name for path in Path("reviews").iterdir()] == ["import.json"]
    assert sorted(path.name for path in Path().iterdir()) == ["reviews", "t.csv"]


def test_columns_are_told_to_check_and_stats_too(cli: Cli, table: Path) -> None:
    value = json.loads(cli("data", "check", "t.csv", "--label", "stars", "--map", MAP, "--json").stdout)
    assert value["classes"] == {"negative": 2, "positive": 2}
    result = cli("data", "stats", "t.csv", "--map", MAP)
    assert result.exit_code == 0
    assert "none of the wanted classes" in result.stderr
    result = cli("data", "check", "bnb", "--text", "x", "--map", MAP)
    assert (result.exit_code, result.stderr) == (2, "Error: --text, --map: for tables; bnb is none.\n")


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_stopped_or_killed_the_same_command_goes_on(workplace: Path, number: signal.Signals, code: int) -> None:
    rows = [f"review {number},{('bad', 'good')[number % 2]}\n" for number in range(20_000)]
    (workplace / "t.csv").write_text("text,label\n" + "".join(rows), encoding="utf-8")
    command = [sys.executable, "-m", "sentiment_cli", "data", "import", "t.csv", "--to", "my reviews"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    wait_for(workplace / ".my reviews-importing" / "reviews" / "good" / "0000100.txt", child)
    child.send_signal(number)
    _, said = child.communicate(timeout=60)
    assert child.returncode == code
    assert not (workplace / "my reviews").exists()
    if number == signal.SIGINT:
        continues = "sentiment data import t.csv --to 'my reviews'"
        assert said == f"Stopped; what was written is kept. To continue: {continues}\n"
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, check=True, env=environment)
    value = json.loads(done.stdout)
    assert "Going on with an import that was broken off" in done.stderr
    assert 0 < value["there_before"] < value["written"] == 20_000
    assert [path.name for path in workplace.iterdir() if path.name.startswith(".")] == []
    assert (workplace / "my reviews" / "good" / "0020000.txt").read_text(encoding="utf-8") == "review 19999"


def wait_for(path: Path, child: subprocess.Popen[str]) -> None:
    limit = time.monotonic() + 60
    while not path.exists():
        assert child.poll() is None, child.communicate()
        assert time.monotonic() < limit
        time.sleep(0.002)
