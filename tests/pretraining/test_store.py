"""Is a result found again by what decides it, whole, and only then?"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sentiment_cli.errors import RunError
from sentiment_cli.pretraining.store import Damaged, Kept, check_writable, digest_of, find_kept, keep
from sentiment_cli.resources import pretrained_dir

DECIDES: dict[str, Any] = {"dim": 2, "settings": {"passes": 5, "scale": 0.3}}
VOCABULARY = ["", "[UNK]", "good", "\u0085"]
VECTORS = np.arange(8, dtype=np.float32).reshape(4, 2)


def make(fill: float = 0.0, decides: dict[str, Any] = DECIDES) -> Kept:
    return keep("word_vectors", decides, VOCABULARY, {"vectors": VECTORS + np.float32(fill)}, {"seconds": 1.5})


def left() -> list[str]:
    return sorted(path.name for path in pretrained_dir().iterdir())


def test_what_is_kept_is_found_again() -> None:
    assert find_kept("word_vectors", DECIDES) is None
    made = make()
    found = find_kept("word_vectors", DECIDES)
    assert found is not None
    assert found.vocabulary == VOCABULARY
    np.testing.assert_array_equal(found.arrays["vectors"], VECTORS)
    assert found.arrays["vectors"].dtype == np.float32
    assert (found.record["seconds"], found.record["kind"]) == (1.5, "word_vectors")
    assert found.sha256 == made.sha256
    assert found.directory == pretrained_dir() / f"word_vectors-{digest_of(DECIDES)}"
    assert sorted(path.name for path in found.directory.iterdir()) == ["record.json", "vectors.npy", "vocabulary.json"]


def test_the_name_depends_on_every_value_and_on_nothing_else() -> None:
    same = {"settings": {"scale": 0.3, "passes": 5}, "dim": 2}
    others = [{**DECIDES, "dim": 3}, {**DECIDES, "settings": {"passes": 5, "scale": None}}, {**DECIDES, "more": None}]
    assert digest_of(same) == digest_of(DECIDES)
    assert len({digest_of(value) for value in [DECIDES, *others]}) == 4


def test_other_kinds_and_values_are_not_found() -> None:
    make()
    assert find_kept("word_vectors", {**DECIDES, "dim": 3}) is None
    assert find_kept("other", DECIDES) is None


def test_the_checksum_is_that_of_the_contents() -> None:
    assert make().sha256 != make(1.0, {**DECIDES, "dim": 3}).sha256


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def other_record(path: Path) -> None:
    record = json.loads((path.parent / "record.json").read_text(encoding="utf-8"))
    record["decides"]["dim"] = 99
    (path.parent / "record.json").write_text(json.dumps(record), encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "harm"),
    [
        ("vectors.npy", flip),
        ("vocabulary.json", flip),
        ("vectors.npy", Path.unlink),
        ("record.json", Path.unlink),
        ("record.json", lambda path: path.write_text("{}", encoding="utf-8")),
        ("record.json", lambda path: path.write_text("[]", encoding="utf-8")),
        ("record.json", lambda path: path.write_bytes(path.read_bytes()[:50])),
        ("record.json", other_record),
    ],
)
def test_a_damaged_result_is_not_used_and_is_replaced(name: str, harm: Any) -> None:
    directory = make().directory
    harm(directory / name)
    with pytest.raises(Damaged):
        find_kept("word_vectors", DECIDES)
    assert make(1.0).arrays["vectors"][0, 0] == 1
    assert left() == [directory.name]


def test_the_first_of_two_results_stays() -> None:
    make()
    assert make(1.0).arrays["vectors"][0, 0] == 0
    assert len(left()) == 1


def test_many_at_once_agree_on_one() -> None:
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(make, map(float, range(16))))
    assert len({result.sha256 for result in results}) == 1
    assert len(left()) == 1


def test_a_failure_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", fails)
    with pytest.raises(OSError, match="No space"):
        make()
    assert left() == []


def test_a_place_that_cannot_be_written_is_said_before_the_work(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    check_writable()
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(RunError, match=r"pretrained: Not a directory; results of pretraining are kept there"):
        check_writable()
