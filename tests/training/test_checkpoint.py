"""Does a checkpoint bring everything back, and is a bad one refused before anything is changed?"""

from __future__ import annotations

import errno
import hashlib
import io
import json
import math
import re
import shutil
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment_cli.batch_history import Step
from sentiment_cli.config.schema import Config
from sentiment_cli.config.training import Training
from sentiment_cli.errors import Interrupted, RunError
from sentiment_cli.history import Epoch
from sentiment_cli.training import checkpoint
from sentiment_cli.training.checkpoint import Damaged, restore_checkpoint, take_snapshot, write_checkpoint
from sentiment_cli.training.state import TrainingState, parse_state

STATE = TrainingState(
    epoch=3,
    batch=2,
    loss_sum=0.1 + 0.2,
    correct=7.0,
    reviews=16,
    seconds=1.5,
    best_epoch=1,
    best_value=1 / 3,
    reference=0.4,
    waited=1,
    history=[Epoch(1, 0.6, 0.7, 1 / 3, 0.8, 1e-3, 2.0), Epoch(2, float("nan"), 0.7, None, None, 1e-3, 2.0)],
)

# What no training ever writes; the state comes with a stranger's run.
CHANGES: list[dict[str, Any]] = [
    {"epoch": "3"},
    {"epoch": 0},
    {"epoch": 4},
    {"batch": "2"},
    {"waited": True},
    {"surprise": 1},
    {"seconds": math.inf},
    {"seconds": -1.0},
    {"history": [{**json.loads(STATE.to_json())["history"][0], "x": 1}, json.loads(STATE.to_json())["history"][1]]},
    {"batch": -2},
    {"batch": 1.5},
    {"reviews": -1},
    {"waited": "x"},
    {"best_epoch": 3},
    {"best_epoch": 0},
    {"best_value": "y"},
    {"history": []},
    {"history": [{"epoch": 1}, {"epoch": 2}]},
    {"loss_sum": None},
]


def make_network(units: int = 2, seed: int = 1, optimizer: str = "adam") -> tuple[Any, Any]:
    import keras

    from sentiment_cli.model.network import build_network
    from sentiment_cli.training.optimizers import build_optimizer

    layers = [{"cell": "gru", "units": units, "dropout": 0.3, "recurrent_dropout": 0.2}]
    model = {"embedding": {"dim": 2, "dropout": 0.1}, "recurrent": layers, "dropout": 0.5}
    keras.utils.set_random_seed(seed)
    network = build_network(Config.model_validate({"model": model}), 5, 2)
    built = build_optimizer(Training.model_validate({"optimizer": optimizer}), steps=1)
    built.build(network.trainable_variables)
    return network, built


def save(directory: Path, network: Any, optimizer: Any, state: TrainingState) -> None:
    write_checkpoint(directory, take_snapshot(network, optimizer, state))


def rewrite(directory: Path, **changes: np.ndarray | None) -> None:
    """Put other arrays in place of those of a checkpoint, None for without, and make the manifest fit them."""
    path = directory / "variables.npz"
    with np.load(path) as archive:
        arrays = {**dict(archive.items()), **{name.replace("__", "/"): array for name, array in changes.items()}}
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    sign(directory)


def sign(directory: Path) -> None:
    """Make the manifest fit the files."""
    manifest = json.loads((directory / "manifest.json").read_text(encoding="utf-8"))
    for name in manifest["files"]:
        content = (directory / name).read_bytes()
        manifest["files"][name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    (directory / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def scramble(network: Any, optimizer: Any) -> None:
    """Give every variable, random states included, a value that no fresh one has."""
    rng = np.random.default_rng(8)
    for variable in (*network.variables, *optimizer.variables):
        variable.assign(rng.integers(1, 9, variable.shape).astype(variable.dtype))


def snapshot(network: Any, optimizer: Any) -> list[np.ndarray]:
    return [variable.numpy() for variable in (*network.variables, *optimizer.variables)]


def assert_equal(first: list[np.ndarray], second: list[np.ndarray]) -> None:
    assert len(first) == len(second)
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "rmsprop", "sgd", "nadam", "adagrad"])
def test_everything_comes_back_network_optimizer_random_states_and_the_loop(tmp_path: Path, optimizer: str) -> None:
    network, built = make_network(optimizer=optimizer)
    scramble(network, built)
    expected = snapshot(network, built)
    # Three dropouts, of them the cell's own with two rates, have random states.
    assert sum("seed_generator" in variable.path for variable in network.variables) == 3
    save(tmp_path / "last", network, built, STATE)
    other, other_built = make_network(seed=2, optimizer=optimizer)
    state = restore_checkpoint(tmp_path / "last", other, other_built)
    assert_equal(snapshot(other, other_built), expected)
    assert repr(state) == repr(STATE)  # repr: nan is equal to itself there


def test_a_restored_network_draws_the_dropout_that_would_have_come_next(tmp_path: Path) -> None:
    batch = np.array([[2, 3, 4]], np.int32)
    network, optimizer = make_network()
    network(batch, training=True)
    save(tmp_path / "last", network, optimizer, TrainingState())
    expected = [network(batch, training=True).numpy() for _ in range(3)]
    assert not np.array_equal(expected[0], expected[1])
    other, other_optimizer = make_network(seed=5)
    restore_checkpoint(tmp_path / "last", other, other_optimizer)
    assert_equal([other(batch, training=True).numpy() for _ in range(3)], expected)


def test_a_network_alone_is_restored_without_its_optimizer(tmp_path: Path) -> None:
    network, optimizer = make_network()
    scramble(network, optimizer)
    save(tmp_path / "best", network, optimizer, STATE)
    other, other_optimizer = make_network(seed=2)
    untouched = [variable.numpy() for variable in other_optimizer.variables]
    restore_checkpoint(tmp_path / "best", other)
    assert_equal([variable.numpy() for variable in other.variables], [v.numpy() for v in network.variables])
    assert_equal([variable.numpy() for variable in other_optimizer.variables], untouched)


@pytest.mark.parametrize("within", ["_check_manifest", "_read_headers", "_read_array"])
def test_a_signal_while_a_checkpoint_is_read_is_no_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, within: str
) -> None:
    def stop(*arguments: object) -> None:
        raise Interrupted("Stopped.", exit_code=143)

    network, optimizer = make_network()
    save(tmp_path / "last", network, optimizer, STATE)
    monkeypatch.setattr(checkpoint, within, stop)
    with pytest.raises(Interrupted):
        restore_checkpoint(tmp_path / "last", network, optimizer)


def test_arrays_of_another_shape_are_named_with_both_shapes(tmp_path: Path) -> None:
    network, optimizer = make_network(units=2)
    save(tmp_path / "last", network, optimizer, STATE)
    other, other_optimizer = make_network(units=3)
    before = snapshot(other, other_optimizer)
    with pytest.raises(
        RunError, match=r"last does not fit the configuration: .*gru.* has shape .2, 6., expected .2, 9."
    ):
        restore_checkpoint(tmp_path / "last", other, other_optimizer)
    assert_equal(snapshot(other, other_optimizer), before)


def test_a_checkpoint_without_one_of_the_variables_is_refused_with_its_name(tmp_path: Path) -> None:
    network, optimizer = make_network()
    save(tmp_path / "last", network, optimizer, STATE)
    rewrite(tmp_path / "last", network__0=None)
    with pytest.raises(RunError, match="does not fit the configuration: embedding/embeddings is missing"):
        restore_checkpoint(tmp_path / "last", network, optimizer)


def test_a_checkpoint_without_a_file_is_damaged_and_the_file_named(tmp_path: Path) -> None:
    network, optimizer = make_network()
    save(tmp_path / "last", network, optimizer, STATE)
    for name in ("variables.npz", "state.json", "manifest.json"):
        shutil.copytree(tmp_path / "last", tmp_path / name)
        (tmp_path / name / name).unlink()
        with pytest.raises(Damaged, match=f"is damaged: {re.escape(name)} is missing"):
            restore_checkpoint(tmp_path / name, network, optimizer)


def refused(directory: Path, network: Any, optimizer: Any = None) -> bool:
    """Whether a checkpoint is refused as a RunError; any other error is a bug and comes out."""
    try:
        restore_checkpoint(directory, network, optimizer)
    except RunError as error:
        assert str(directory) in str(error)
        return True
    return False


class Variables:
    """As much of a network as a checkpoint needs; a small file makes it possible to damage each of its bytes."""

    def __init__(self, value: float) -> None:
        import keras

        kernel = np.full((2, 3), value, np.float32)
        self.variables = [keras.Variable(kernel, name="kernel"), keras.Variable([value], name="bias")]

    def values(self) -> list[list[Any]]:
        return [variable.numpy().tolist() for variable in self.variables]


FILES = ("variables.npz", "state.json", "manifest.json")


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("signed", [False, True])
def test_a_file_cut_short_anywhere_is_refused_and_nothing_is_assigned(tmp_path: Path, name: str, signed: bool) -> None:
    """Also where the manifest was made to fit, as a stranger would."""
    save(tmp_path / "cut", Variables(1.5), None, TrainingState())
    path = tmp_path / "cut" / name
    content, manifest = path.read_bytes(), (tmp_path / "cut" / "manifest.json").read_bytes()
    network, untouched = Variables(0.0), Variables(0.0).values()
    for length in range(len(content)):
        (tmp_path / "cut" / "manifest.json").write_bytes(manifest)
        path.write_bytes(content[:length])
        if signed and name != "manifest.json":
            sign(tmp_path / "cut")
        assert refused(tmp_path / "cut", network), length
    assert network.values() == untouched


# Without a new signature any change is refused by the old one, whichever bits it is of.
@pytest.mark.parametrize(
    ("signed", "mask"), [(False, 0xFF), pytest.param(False, 6, marks=pytest.mark.slow), (True, 0xFF), (True, 6)]
)
def test_a_changed_byte_of_the_arrays_is_refused_or_harmless(tmp_path: Path, mask: int, signed: bool) -> None:
    saved, network = Variables(1.5), Variables(0.0)
    save(tmp_path / "saved", saved, None, TrainingState())
    path = tmp_path / "saved" / "variables.npz"
    content, untouched, harmless = path.read_bytes(), network.values(), 0
    for position, byte in enumerate(content):
        path.write_bytes(content[:position] + bytes([byte ^ mask]) + content[position + 1 :])
        if signed:
            sign(tmp_path / "saved")
        if refused(tmp_path / "saved", network):
            assert network.values() == untouched, position
            continue
        # Time stamps and permissions in the archive's directory may change; what was saved may not.
        assert network.values() == saved.values(), position
        harmless += 1
        network = Variables(0.0)
    assert harmless < len(content) / 2 if signed else harmless == 0


def test_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    network, optimizer = make_network()
    save(tmp_path / "last", network, optimizer, STATE)
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    np.save(tmp_path / "array.npy", np.zeros(3))
    for content in (b"", b"text", (tmp_path / "other.npz").read_bytes(), (tmp_path / "array.npy").read_bytes()):
        (tmp_path / "last" / "variables.npz").write_bytes(content)
        sign(tmp_path / "last")
        assert refused(tmp_path / "last", network, optimizer)


@pytest.mark.parametrize(
    "text", [json.dumps(json.loads(STATE.to_json()) | change) for change in CHANGES] + ["[" * 10_000]
)
def test_a_state_with_a_value_that_no_training_has_is_refused(tmp_path: Path, text: str) -> None:
    parse_state(STATE.to_json())
    with pytest.raises(ValueError):
        parse_state(text)


@given(st.lists(st.floats(), min_size=5, max_size=5), st.floats(0, 1e300))
@settings(max_examples=300, deadline=None)
def test_numbers_of_a_state_come_back_to_the_last_bit(numbers: list[float], seconds: float) -> None:
    state = TrainingState(2, 0, *numbers[:2], history=[Epoch(1, *numbers, seconds)], seconds=seconds)
    assert repr(parse_state(state.to_json())) == repr(state)


@pytest.mark.parametrize("harm", ["compressed", "version 2", "twice"])
def test_arrays_in_another_form_than_they_were_written_in_are_refused_before_memory_is_taken(
    tmp_path: Path, harm: str
) -> None:
    network, optimizer = make_network()
    save(tmp_path / "last", network, optimizer, STATE)
    path = tmp_path / "last" / "variables.npz"
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    first = next(iter(members))
    if harm == "version 2":  # a header of 100 MB, which is read before anything can be known about it
        members[first] = b"\x93NUMPY\x02\x00" + (100_000_000).to_bytes(4, "little") + b" " * 1000
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED if harm == "compressed" else zipfile.ZIP_STORED) as archive:
        for name, content in [*members.items(), *([(first, members[first])] if harm == "twice" else [])]:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                archive.writestr(name, content)
    sign(tmp_path / "last")
    with pytest.raises(Damaged, match=r"is compressed|another version|have one name"):
        restore_checkpoint(tmp_path / "last", network, optimizer)


@pytest.mark.parametrize("text", ["[]", "{}", '"', '{"format": 2}', '{"format": 1}', '{"format": 1, "files": 3}'])
def test_a_manifest_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    save(tmp_path / "last", Variables(1.5), None, TrainingState())
    (tmp_path / "last" / "manifest.json").write_text(text, encoding="utf-8")
    assert refused(tmp_path / "last", Variables(0.0))


def test_shapes_are_compared_before_memory_is_taken(tmp_path: Path) -> None:
    """A header of a few bytes may ask for a terabyte."""
    save(tmp_path / "last", Variables(1.5), None, TrainingState())
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": (10**6, 10**6)})
    with zipfile.ZipFile(tmp_path / "last" / "variables.npz", "w") as archive:
        archive.writestr("network/0.npy", header.getvalue())
    sign(tmp_path / "last")
    with pytest.raises(RunError, match=r"kernel has shape \(1000000, 1000000\), expected \(2, 3\)"):
        restore_checkpoint(tmp_path / "last", Variables(0.0))


@pytest.mark.parametrize("dtype", ["<f8", "<i8", "|S4", "<U1", ">f4", "|b1", "<c8"])
def test_arrays_of_another_type_are_refused(tmp_path: Path, dtype: str) -> None:
    save(tmp_path / "last", Variables(1.5), None, TrainingState())
    rewrite(tmp_path / "last", network__0=np.ones((2, 3)).astype(dtype))
    assert refused(tmp_path / "last", Variables(0.0))


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    network, optimizer = make_network()
    save(tmp_path / "last", network, optimizer, STATE)
    touched = tmp_path / "touched"

    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (touched,)

    rewrite(tmp_path / "last", network__0=np.array([Evil()] * 10, dtype=object).reshape(5, 2))
    with pytest.raises(RunError, match="damaged"):
        restore_checkpoint(tmp_path / "last", network, optimizer)
    assert not touched.exists()


@pytest.mark.parametrize("text", ["[]", "{}", '{"epoch": 1}', "null", '{"surprise": 1, "history": []}', "{"])
def test_a_state_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    network, optimizer = make_network()
    save(tmp_path / "last", network, optimizer, STATE)
    (tmp_path / "last" / "state.json").write_text(text, encoding="utf-8")
    sign(tmp_path / "last")
    with pytest.raises(RunError, match="damaged"):
        restore_checkpoint(tmp_path / "last", network, optimizer)


def test_the_figures_of_the_steps_come_back_and_are_left_out_of_what_only_predicts(tmp_path: Path) -> None:
    network, optimizer = make_network()
    state = TrainingState()
    state.batches.add(Step(1, 1, 1, 4, 2.5, 3.0, 0.1, 0.7))
    save(tmp_path / "last", network, optimizer, state)
    restored = restore_checkpoint(tmp_path / "last", network, optimizer)
    np.testing.assert_array_equal(restored.batches.to_array(), [[1, 1, 1, 1, 4, 2.5, 3, 0.1, 0.7]])
    write_checkpoint(tmp_path / "best", take_snapshot(network, None, state))
    assert len(restore_checkpoint(tmp_path / "best", network).batches) == 0


@pytest.mark.parametrize(
    "array", [np.zeros(9), np.ones((2, 9)), np.ones((1, 8)), np.full((1, 9), np.nan), np.ones((1, 9), np.float32)]
)
def test_figures_of_steps_that_no_training_has_are_damage_and_nothing_is_assigned(
    tmp_path: Path, array: np.ndarray
) -> None:
    network, optimizer = make_network()
    save(tmp_path / "last", network, optimizer, STATE)
    rewrite(tmp_path / "last", batches=array)
    scramble(network, optimizer)
    before = snapshot(network, optimizer)
    with pytest.raises(Damaged, match="not the steps of a training"):
        restore_checkpoint(tmp_path / "last", network, optimizer)
    assert_equal(snapshot(network, optimizer), before)


@pytest.mark.parametrize("written", [0, 1, 300])
def test_a_full_disk_leaves_the_checkpoint_of_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    network, optimizer = make_network()
    path = tmp_path / "last"
    save(path, network, optimizer, STATE)
    before = {file: file.read_bytes() for file in path.iterdir()}
    scramble(network, optimizer)

    def fill_disk(file: Path, **arrays: Any) -> None:
        file.write_bytes(b"x" * written)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez", fill_disk)
    with pytest.raises(OSError, match="No space left"):
        save(path, network, optimizer, TrainingState(epoch=9))
    assert {file: file.read_bytes() for file in path.iterdir()} == before
    assert list(tmp_path.iterdir()) == [path]


def test_the_next_epoch_begins_at_its_first_batch_and_keeps_what_was_best() -> None:
    state = TrainingState(4, 7, 1.0, 5.0, 8, 2.0, 3, 0.5, 0.6, 1)
    state.start_next_epoch()
    assert state == TrainingState(5, 0, 0.0, 0.0, 0, 0.0, 3, 0.5, 0.6, 1)
