"""Is the run found that a user means, and is a new one never an old one?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment_cli.errors import RunError
from sentiment_cli.run_search import find_run, list_runs
from sentiment_cli.runs import Run, SeedGroup, new_run, safe_name


def make_run(path: Path, **record: Any) -> Path:
    path.mkdir(parents=True)
    (path / "run.json").write_text(json.dumps(record), encoding="utf-8")
    return path


def finished(path: Path, started: str) -> Path:
    return make_run(path, status="finished", started=started)


def damage(path: Path, content: bytes) -> Path:
    path.mkdir(parents=True)
    (path / "run.json").write_bytes(content)
    return path


DAMAGED = {
    "empty": b"",
    "cut off": b'{"status": "finished", "sta',
    "not UTF-8": b'{"status": "\xff"}',
    "a list": b"[1, 2]",
    "nested too deeply": b"[" * 200_000,
    "no number": b'{"seconds": {"total": NaN}}',
    "infinite": b'{"seconds": {"total": -Infinity}}',
}


@pytest.mark.parametrize("name", ["first", "runs/first", "./runs/first", "runs/first/"])
def test_a_run_is_found_by_name_and_by_path(workplace: Path, name: str) -> None:
    make_run(workplace / "runs" / "first")
    assert find_run(name).path.resolve() == workplace / "runs" / "first"


def test_a_run_elsewhere_is_found_by_its_path(workplace: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = make_run(tmp_path_factory.mktemp("other") / "run")
    assert find_run(str(elsewhere)) == Run(elsewhere)


def test_the_working_directory_itself_may_be_the_run(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(make_run(workplace / "runs" / "first"))
    assert find_run(".").name == "first"


def test_a_directory_of_that_name_that_is_no_run_does_not_hide_the_run(workplace: Path) -> None:
    (workplace / "first").mkdir()
    make_run(workplace / "runs" / "first")
    assert find_run("first").path == Path("runs/first")


def test_a_path_comes_before_a_name(workplace: Path) -> None:
    make_run(workplace / "first")
    make_run(workplace / "runs" / "first")
    assert find_run("first").path == Path("first")


def test_without_a_name_it_is_the_newest_that_finished(workplace: Path) -> None:
    runs = workplace / "runs"
    # neither the order of names nor that of writing is that of the start
    finished(runs / "z", "2026-01-02T10:00:00+00:00")
    finished(runs / "b", "2026-01-03T10:00:00.000002+00:00")
    finished(runs / "c", "2026-01-03T10:00:00.000001+00:00")
    make_run(runs / "later", status="interrupted", started="2026-01-09T10:00:00+00:00")
    make_run(runs / "last", status="running", started="2026-01-10T10:00:00+00:00")
    make_run(runs / "bad", status="failed", started="2026-01-11T10:00:00+00:00")
    damage(runs / "damaged", b"{")
    assert find_run(None).path == Path("runs/b")


def test_where_none_has_finished_the_others_are_named(workplace: Path) -> None:
    make_run(workplace / "runs" / "half", status="interrupted", started="2026-01-01")
    with pytest.raises(RunError) as caught:
        find_run(None)
    assert str(caught.value) == (f"No run in {workplace / 'runs'} has finished. There is half: name the one you mean.")


@pytest.mark.parametrize("existing", [[], ["runs"], ["runs/not_a_run"]])
def test_where_there_are_none_it_says_how_to_train_one(workplace: Path, existing: list[str]) -> None:
    for name in existing:
        (workplace / name).mkdir(parents=True)
    with pytest.raises(RunError) as caught:
        find_run(None)
    assert str(caught.value) == f"There are no runs in {workplace / 'runs'}. Train one first: sentiment train"


def test_a_name_that_is_none_suggests_the_nearest(workplace: Path) -> None:
    finished(workplace / "runs" / "first", "2026-01-01")
    with pytest.raises(RunError) as caught:
        find_run("frist")
    assert str(caught.value) == (
        f'No run "frist": neither that directory nor {Path("runs/frist")} is one; did you mean "first"?'
    )


def test_a_name_where_there_are_no_runs_says_so(workplace: Path) -> None:
    with pytest.raises(RunError, match=r'^No run "first": .*; there are no runs in .*runs yet\.$'):
        find_run("first")


def test_a_directory_that_is_no_run_is_named(workplace: Path) -> None:
    (workplace / "texts").mkdir()
    with pytest.raises(RunError, match=r"^texts is not a run: it has no run\.json\.$"):
        find_run("texts")


@pytest.mark.parametrize("name", ["\0", "a\0b", "..", "nothing/../../here"])
def test_a_strange_name_is_no_run(workplace: Path, name: str) -> None:
    with pytest.raises(RunError):
        find_run(name)


def test_runs_are_listed_oldest_first_and_only_runs(workplace: Path) -> None:
    runs = workplace / "runs"
    finished(runs / "b", "2026-01-02")
    finished(runs / "a", "2026-01-03")
    finished(runs / "c", "2026-01-02")
    (runs / "empty").mkdir()
    (runs / "file").touch()
    (runs / "odd" / "run.json").mkdir(parents=True)
    assert [run.name for run in list_runs()] == ["b", "c", "a"]


def test_a_damaged_run_is_listed_and_hides_no_other(workplace: Path) -> None:
    finished(workplace / "runs" / "good", "2026-01-02")
    for name, content in DAMAGED.items():
        damage(workplace / "runs" / name, content)
    assert {run.name for run in list_runs()} == {"good", *DAMAGED}
    assert find_run(None).name == "good"


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
@pytest.mark.parametrize("name", ["run.json", "metrics.json"])
def test_a_damaged_file_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    run = Run(tmp_path)
    with pytest.raises(RunError) as caught:
        run.read_record() if name == "run.json" else run.read_metrics()
    assert str(caught.value).startswith(str(tmp_path / name))


def test_a_record_that_is_missing_is_no_run_and_metrics_that_are_missing_are_none(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"is not a run: it has no run\.json\.$"):
        Run(tmp_path).read_record()
    assert Run(tmp_path).read_metrics() == {}


def test_a_record_survives_its_file(tmp_path: Path) -> None:
    record = {"status": "finished", "class_names": ["größe", "\u2028"], "seed": 1, "device": "CPU", "commit": None}
    Run(tmp_path / "new").write_record(record)
    assert Run(tmp_path / "new").read_record() == record


def test_every_file_of_a_run_is_inside_of_it() -> None:
    run = Run(Path("runs/first"))
    names = [name for name, item in vars(Run).items() if isinstance(item, property)]
    paths = [path for name in names if isinstance(path := getattr(run, name), Path)]
    paths += [run.refit.path, *run.result_paths("test"), run.evaluation_dir("other"), run.report_path("test")]
    assert {path.relative_to(run.path).as_posix() for path in paths} == {
        "config.yaml",
        "refit",
        "run.json",
        "batches.csv",
        "history.csv",
        "metrics.json",
        "vocabulary.json",
        "model.keras",
        "checkpoints",
        ".lock",
        "plots",
        "predictions-test.csv",
        "traits-test.csv",
        "attributions-test.jsonl",
        "cross-validation",
        "probes.json",
        "evaluations",
        "evaluations/other",
        "report.html",
        "exports",
        "tensorboard",
    }


def test_a_new_run_is_never_an_existing_one(workplace: Path) -> None:
    seen = []
    for _ in range(4):
        run = new_run("first")
        assert not run.path.exists()
        run.path.mkdir(parents=True)
        seen.append(run.name)
    assert seen == ["first", "first-2", "first-3", "first-4"]


def test_a_file_in_the_way_of_a_new_run_is_kept(workplace: Path) -> None:
    (workplace / "runs").mkdir()
    (workplace / "runs" / "first").touch()
    assert new_run("first").name == "first-2"


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("first", "first"),
        ("lstm-20260101-120000", "lstm-20260101-120000"),
        ("größe \u65e5\u672c", "größe \u65e5\u672c"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("a/b\\c", "a_b_c"),
        ('<>:"|?*', "_______"),
        ("a\x00b\nc", "a_b_c"),
        ("", "run"),
        (".", "run"),
        ("..", "run"),
        ("  ", "run"),
        (".hidden", "hidden"),
        ("ends. ", "ends"),
        ("x" * 200, "x" * 100),
        # what is cut off may leave a dot at the end, which Windows does not take
        ("x" * 99 + ". more", "x" * 99),
    ],
)
def test_safe_name(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@given(st.text(max_size=120) | st.text(alphabet=". /\\:x", max_size=120))
def test_a_safe_name_is_one_visible_component_and_stays_as_it_is(name: str) -> None:
    safe = safe_name(name)
    assert safe_name(safe) == safe
    assert Path(safe).parts == (safe,)
    assert not safe.startswith(".")
    assert 1 <= len(safe) <= 100
    assert Path("runs", safe).parent == Path("runs")


def make_group(path: Path, seeds: str = "[3, 4]") -> SeedGroup:
    path.mkdir(parents=True)
    content = f'{{"status": "finished", "started": "2026-01-02", "seeds": {seeds}}}'
    (path / "seeds.json").write_text(content, encoding="utf-8")
    return SeedGroup(path)


def test_a_group_of_seeds_is_found_like_a_run_and_its_runs_by_name_below_it(workplace: Path) -> None:
    group = make_group(Path("runs") / "five")
    make_run(group.path / "seed-3")
    assert find_run("five") == find_run(None) == group
    assert find_run("five/seed-3") == group.member(3)
    assert list_runs() == [group]
    assert [run.name for run in group.members] == ["five/seed-3", "five/seed-4"]
    assert group.member(3).group == SeedGroup(group.path.resolve())
    assert (group.name, group.group) == ("five", None)


@pytest.mark.parametrize("seeds", ["null", "[]", "[1, true]", '"12"'])
def test_a_group_that_does_not_name_its_seeds_is_damaged(workplace: Path, seeds: str) -> None:
    with pytest.raises(RunError, match=r"seeds\.json: seeds(\.1)?: expected a .*, received"):
        _ = make_group(Path("five"), seeds).members
