"""Does a run get asked what the probes say, and are its answers counted as `predict` gives them?"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from conftest import TINY_CONFIG, Told, tiny_texts, write_reviews

from sentiment_cli.config import load_config
from sentiment_cli.errors import RunError, UsageError
from sentiment_cli.probes.cases import make_cases
from sentiment_cli.probes.outcomes import ProbeReport, read_report
from sentiment_cli.probes.selection import Selected
from sentiment_cli.runs import Run, SeedGroup
from sentiment_cli.workflows import ProbeSettings, choose_probes, predict, probe, train, train_seeds

MINE = """\
lexicons:
  nice: [lovely, wonderful, warm, kind, quiet]
  nasty: [dirty, rude, loud, awful, cold]
  neutral: [the room, the stay, the the]
probes:
  plain:
    type: mft
    capability: words
    description: Plain words.
    templates:
      positive: ["{nice} {nice2}", "{nice} room"]
      negative: ["{nasty} {nasty2}", "{nasty} room"]
  turned:
    type: mft
    capability: words
    description: The other way round.
    templates:
      positive: ["{nasty} {nasty2}"]
      negative: ["{nice} {nice2}"]
  fair:
    type: mft
    capability: words
    description: Neither.
    templates: {neutral: [the room]}
  changed:
    type: inv
    capability: change
    description: Another word of the same kind.
    change: {swap: [nice, nasty]}
    templates: ["{nice} room", "{nasty} room"]
  more:
    type: dir
    capability: change
    description: A nice word does no harm.
    templates: {positive: ["{nasty} room => {nasty} room {nice} {nice2}"]}
"""


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> list[Selected]:
    path = tmp_path_factory.mktemp("probes") / "mine.yaml"
    path.write_text(MINE, encoding="utf-8")
    return choose_probes(None, files=[path])


def counts(report: ProbeReport) -> dict[str, tuple[int, int]]:
    return {f"{one.name}/{one.source}": (one.cases, one.failures) for one in report.outcomes}


def test_failures_are_those_that_the_predictions_make(run_copy: Path, mine: list[Selected]) -> None:
    told = Told()
    report = probe(Run(run_copy), mine, ProbeSettings(cases=20), progress=told)
    names = {"positive": "good", "negative": "bad"}
    for one in report.tested:
        cases = make_cases(mine[0].suite, one.name, 20, 0)
        rows = [predict(Run(run_copy), list(texts)) for texts in zip(*(case.texts for case in cases), strict=True)]
        if one.type == "mft":
            failed = [row.label != names[str(case.label)] for row, case in zip(rows[0], cases, strict=True)]
        elif one.type == "inv":
            failed = [
                a.label != b.label and abs(a.probabilities["good"] - b.probabilities["good"]) > 0.1
                for a, b in zip(*rows, strict=True)
            ]
        else:
            failed = [b.probabilities["good"] < a.probabilities["good"] for a, b in zip(*rows, strict=True)]
        assert (one.cases, one.failures) == (len(cases), sum(failed)), one.name
        by_label: dict[str, list[bool]] = {}
        for case, has_failed in zip(cases, failed, strict=True):
            by_label.setdefault(str(case.label), []).append(has_failed)
        expected = {} if one.type == "inv" else {label: (len(some), sum(some)) for label, some in by_label.items()}
        assert one.labels == expected
    plain, turned = (one for one in report.outcomes if one.name in ("plain", "turned"))
    assert plain.failure_rate is not None and turned.failure_rate is not None
    assert plain.failure_rate < 0.2 < 0.8 < turned.failure_rate
    assert [failure.severity for failure in turned.worst] == sorted((f.severity for f in turned.worst), reverse=True)
    assert [one.skipped for one in report.skipped] == [
        "the run has no class for neutral (its classes: bad, good; --neutral NAME says which it is)"
    ]
    assert told.notes == ["Taken for positive: good, for negative: bad"]
    assert told.warnings == []


def test_a_run_keeps_what_the_probes_came_to_unless_told_otherwise(run_copy: Path, mine: list[Selected]) -> None:
    run = Run(run_copy)
    probe(run, mine, ProbeSettings(cases=4, keep=False))
    assert not run.probes_path.exists()
    report = probe(run, mine, ProbeSettings(cases=4))
    assert read_report(run.probes_path) == report
    assert probe(run, mine, ProbeSettings(cases=4)) == report


def test_reviews_of_the_run_are_changed_as_well(run_copy: Path, mine: list[Selected]) -> None:
    report = probe(Run(run_copy), mine, ProbeSettings(cases=4, reviews=5))
    assert report.split == "test"
    assert counts(report)["changed/reviews"][0] == 5
    assert [one.name for one in report.outcomes if one.source == "reviews"] == ["changed"]
    for one in report.outcomes:
        assert all((failure.path is not None) == (one.source == "reviews") for failure in one.worst)


def test_without_its_reviews_a_run_is_asked_about_templates_alone(run_copy: Path, mine: list[Selected]) -> None:
    run, told = Run(run_copy), Told()
    record = run.read_record()
    run.write_record({**record, "data": {**record["data"], "root": "gone"}})
    report = probe(run, mine, ProbeSettings(cases=4, reviews=5), progress=told)
    assert all(one.source == "templates" for one in report.outcomes)
    assert len(report.tested) == 4
    assert told.warnings == [f"the reviews of {run_copy} are gone from gone; the probes' templates are tried alone"]


def test_a_part_that_was_not_evaluated_has_no_reviews(run_copy: Path, mine: list[Selected]) -> None:
    Run(run_copy).predictions_path("validation").unlink()
    with pytest.raises(RunError, match=r"no predictions on its validation part yet.*--split validation"):
        probe(Run(run_copy), mine, ProbeSettings(reviews=5, split="validation"))


def test_in_a_frame_every_text_is_as_long_as_asked_for(run_copy: Path, mine: list[Selected]) -> None:
    report = probe(Run(run_copy), mine, ProbeSettings(cases=10, frame=6))
    turned = next(one for one in report.outcomes if one.name == "turned")
    assert turned.worst and all(len(failure.texts[0].split()) == 2 + 6 for failure in turned.worst)
    assert report.frame == 6
    assert report.neutral["mine"].low <= report.neutral["mine"].mean <= report.neutral["mine"].high
    with pytest.raises(UsageError, match="needs a lexicon called neutral"):
        lacking = Selected(mine[0].suite.__class__(**{**vars(mine[0].suite), "lexicons": {}}), "fair")
        probe(Run(run_copy), [lacking], ProbeSettings(frame=6))


def test_frames_that_are_not_neutral_to_the_network_are_warned_of(run_copy: Path) -> None:
    text = "lexicons: {neutral: [lovely, wonderful warm, kind quiet]}\nprobes: {p: {type: inv, capability: c, "
    Path("glad.yaml").write_text(text + 'description: d, templates: ["a => b"]}}', encoding="utf-8")
    told = Told()
    probe(Run(run_copy), choose_probes(None, files=[Path("glad.yaml")]), ProbeSettings(frame=8), progress=told)
    assert any(
        line.startswith("no frames of 8 words from glad are neutral to the network: P(good)") for line in told.warnings
    )


def test_probes_of_another_domain_are_warned_of(run_copy: Path) -> None:
    told = Told()
    probe(Run(run_copy), choose_probes(None, domain="film", only=["but"]), ProbeSettings(cases=4), progress=told)
    assert len(told.warnings) == 1
    assert "of the words in the film probes are not in the run's vocabulary" in told.warnings[0]


def test_where_no_probe_can_be_tried_no_network_is_asked(
    run_copy: Path, mine: list[Selected], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["sentiment_cli.workflows.probe"], "_open_network", None)
    told = Told()
    fair = [one for one in mine if one.name == "fair"]
    report = probe(Run(run_copy), fair, ProbeSettings(), progress=told)
    assert report.tested == []
    assert told.warnings == ["no probe could be tried; the reasons stand beside them"]


def test_the_source_of_a_run_chooses_the_probes(run_copy: Path, mine: list[Selected]) -> None:
    told = Told()
    selected = choose_probes(Run(run_copy), progress=told)
    assert {one.suite.name for one in selected} == {"film", "stay"}
    assert "Probes: film and stay, since none are for data.source" in told.notes[0]
    told = Told()
    assert choose_probes(Run(run_copy), domain="stay", only=["typos"], progress=told)[0].name == "typos"
    assert told.notes == []


@pytest.mark.slow
def test_of_three_classes_all_are_asked_about_that_are_known(workplace: Path, mine: list[Selected]) -> None:
    texts = {**tiny_texts(8), "fair": [f"the the the room{i}" for i in range(8)]}
    write_reviews(workplace / "three", texts)
    (workplace / "c.yaml").write_text(TINY_CONFIG.format(source="three"), encoding="utf-8")
    train(load_config("c.yaml"), "run")
    told = Told()
    report = probe(Run(Path("run")), mine, ProbeSettings(cases=6, neutral="fair"), progress=told)
    assert report.skipped == []
    assert report.polarity == {"positive": "good", "negative": "bad", "neutral": "fair"}
    assert told.notes == ["Taken for positive: good, for negative: bad, fair for neutral"]
    told = Told()
    record = Run(Path("run")).read_record()
    Run(Path("run")).write_record({**record, "class_names": ["x", "fair", "y"]})
    report = probe(Run(Path("run")), mine, ProbeSettings(cases=6), progress=told)
    assert [one.name for one in report.tested] == ["changed"]
    assert "is not known: invariance is tested alone" in told.notes[0]
    assert report.neutral == {}


@pytest.mark.slow
def test_the_runs_of_a_group_are_asked_together(tiny_config: Path, workplace: Path, mine: list[Selected]) -> None:
    train_seeds(load_config(tiny_config), Path("runs/pair"), 2, command="x", config_name="tiny")
    group = SeedGroup(Path("runs/pair"))
    report = probe(group, mine, ProbeSettings(cases=6, reviews=3))
    assert len(report.tested) == 5
    turned = next(one for one in report.outcomes if one.name == "turned")
    for failure in turned.worst:
        (row,) = predict(group, failure.texts)
        assert row.label == failure.predicted[0]
    assert read_report(group.probes_path) == report
    shutil.rmtree(group.members[0].path)
    with pytest.raises(RunError, match="did not finish"):
        probe(group, mine, ProbeSettings())
