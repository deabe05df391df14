"""Is a missing GPU said with its reason, and is TensorFlow quiet?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sentiment_cli import runtime
from sentiment_cli.config.schema import Config
from sentiment_cli.errors import DeviceError, Interrupted, RunError
from sentiment_cli.machine import available_cores
from sentiment_cli.runtime import Device, choose_device, describe_environment, evaluation_device


class Gpus:
    """A stand-in for the part of TensorFlow that knows devices; nothing is really set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, names: list[str], problem: str | None = None) -> None:
        import tensorflow as tf

        self.shown: list[Any] | None = None
        monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind=None: names)
        monkeypatch.setattr(tf.config.experimental, "get_device_details", lambda gpu: {"device_name": f"Card {gpu}"})
        monkeypatch.setattr(runtime, "_show_only", self.show)
        monkeypatch.setattr(runtime, "_try_gpu", lambda module: problem)
        monkeypatch.setattr(runtime, "why_no_gpu", lambda: "the reason")

    def show(self, module: Any, gpus: list[Any]) -> None:
        self.shown = gpus


@pytest.mark.parametrize("setting", ["gpu", "gpu:0", "gpu:3"])
def test_a_gpu_that_was_asked_for_and_is_not_there_is_an_error_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    Gpus(monkeypatch, [])
    with pytest.raises(DeviceError) as caught:
        choose_device(setting)
    assert str(caught.value) == f"--device {setting}: no such GPU, the reason. Use --device cpu or --device auto."


def test_a_gpu_beyond_the_last_one_is_an_error_with_those_that_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    Gpus(monkeypatch, ["A", "B"])
    with pytest.raises(DeviceError, match="--device gpu:2: no such GPU, there are 2: gpu:0 to gpu:1"):
        choose_device("gpu:2")


@pytest.mark.parametrize(
    ("setting", "gpus", "name", "shown", "why"),
    [
        ("auto", ["A", "B"], "gpu:0", ["A"], "Card A (found)"),
        ("gpu", ["A", "B"], "gpu:0", ["A"], "Card A (asked for)"),
        ("gpu:1", ["A", "B"], "gpu:1", ["B"], "Card B (asked for)"),
        ("cpu", ["A"], "cpu", [], "cores (asked for)"),
        ("auto", [], "cpu", [], "cores (the reason)"),
    ],
)
def test_the_device_is_the_one_asked_for_or_found_and_says_why(
    monkeypatch: pytest.MonkeyPatch, setting: str, gpus: list[str], name: str, shown: list[str], why: str
) -> None:
    there = Gpus(monkeypatch, gpus)
    device = choose_device(setting)
    assert (device.name, device.is_gpu, there.shown) == (name, name != "cpu", shown)
    assert device.description.endswith(why)


@pytest.mark.parametrize(("setting", "end"), [("auto", "it is broken Use --device cpu."), ("gpu", "it is broken")])
def test_a_gpu_that_is_listed_and_does_not_work_is_an_error(
    monkeypatch: pytest.MonkeyPatch, setting: str, end: str
) -> None:
    Gpus(monkeypatch, ["A"], problem="it is broken")
    with pytest.raises(DeviceError, match=f"Card A .*does not work: {end}$"):
        choose_device(setting)


def test_a_run_of_a_gpu_is_evaluated_where_there_is_none() -> None:
    devices = {"auto": "auto", "gpu": "auto", "gpu:1": "auto", "cpu": "cpu"}
    for trained, evaluated in devices.items():
        assert evaluation_device(Config.model_validate({"training": {"device": trained}})) == evaluated
    assert not Device("cpu", "").is_gpu


LOADED = """
import json, sys
from sentiment_cli.runtime import describe_threads, hand_back_memory, load_tensorflow
load_tensorflow(threads=3)
import keras
said = {"threads": describe_threads(), "floatx": keras.config.floatx()}
from sentiment_cli.config.data import TextSettings
from sentiment_cli.text.vectorizer import adapt_vocabulary
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1])
if sys.platform.startswith("linux"):
    adapt_vocabulary(TextSettings(), ["warm bed", "cold bed"])
    hand_back_memory()
    block = bytearray(b"x" * 50_000_000)
    held = resident(); del block
    said["returned"] = (held - resident()) * 4096
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What an interpreter says that loaded TensorFlow with three threads, where the user has settings for Keras."""
    home = tmp_path_factory.mktemp("home")
    (home / ".keras").mkdir()
    (home / ".keras" / "keras.json").write_text('{"floatx": "float16"}', encoding="utf-8")
    done = child(LOADED, HOME=str(home))
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def test_tensorflow_has_the_threads_that_are_given(loaded: dict[str, Any]) -> None:
    assert loaded["threads"] == {"intra_op": 3, "inter_op": 3}


@pytest.mark.slow
def test_tensorflow_has_one_thread_for_each_core_that_may_be_used_where_none_are_given() -> None:
    done = child(
        "from sentiment_cli.machine import available_cores;"
        "from sentiment_cli.runtime import describe_threads, load_tensorflow;"
        "load_tensorflow(); assert describe_threads() == dict.fromkeys(('intra_op', 'inter_op'), available_cores())"
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("accepted", "asked"), [(1, [-3, -1]), (0, [-3])])
def test_memory_is_kept_where_the_c_library_takes_the_larger_limit_alone(
    monkeypatch: pytest.MonkeyPatch, accepted: int, asked: list[int]
) -> None:
    calls: list[int] = []

    class Library:
        def mallopt(self, parameter: int, value: int) -> int:
            calls.append(parameter)
            return accepted

    monkeypatch.setattr(runtime.sys, "platform", "linux")
    monkeypatch.setattr(runtime.ctypes, "CDLL", lambda name: Library())
    runtime._keep_freed_memory()
    assert calls == asked


@pytest.mark.parametrize("ask", [runtime._keep_freed_memory, runtime.hand_back_memory])
def test_another_c_library_or_system_is_left_alone(monkeypatch: pytest.MonkeyPatch, ask: Callable[[], None]) -> None:
    looked_into: list[str] = []

    class Library:
        def __getattr__(self, name: str) -> None:
            looked_into.append(name)
            raise AttributeError(name)

    monkeypatch.setattr(runtime.ctypes, "CDLL", lambda name: Library())
    monkeypatch.setattr(runtime.sys, "platform", "win32")
    ask()
    assert looked_into == []
    monkeypatch.setattr(runtime.sys, "platform", "linux")
    ask()
    assert looked_into
    assert set(looked_into) <= {"mallopt", "malloc_trim"}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="GNU's C library alone can be asked")
def test_memory_that_was_freed_is_handed_back() -> None:
    done = child(
        "from sentiment_cli import runtime\n"
        "def resident(): return int(open('/proc/self/statm').read().split()[1])\n"
        "runtime._keep_freed_memory()\n"
        "blocks = [bytearray(b'x' * 1_000_000) for _ in range(100)]\n"
        "del blocks; held = resident(); runtime.hand_back_memory()\n"
        "assert held - resident() > 50_000_000 // 4096, (held, resident())"
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="GNU's C library alone can be asked")
def test_freed_memory_is_kept_again_after_texts_were_read(loaded: dict[str, Any]) -> None:
    assert loaded["returned"] < 1_000_000


def test_versions_are_there_without_tensorflow_being_loaded() -> None:
    done = child(
        "from sentiment_cli.runtime import describe_environment as d; import sys; v = d()['versions'];"
        "assert v['tensorflow'][0] == '2', v; assert 'tensorflow' not in sys.modules"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert describe_environment()["cores"] == available_cores()


def child(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("TF_", "KERAS", "CUDA"))}
    return subprocess.run(
        [sys.executable, "-c", code], env={**clean, **environment}, capture_output=True, text=True, check=False
    )


def test_predicting_writes_nothing_to_standard_error_and_no_settings_of_keras(
    trained_run: Path, tmp_path: Path
) -> None:
    done = child(
        "import sys; from pathlib import Path;"
        "from sentiment_cli.runs import Run; from sentiment_cli.workflows import predict;"
        f"print(predict(Run(Path({str(trained_run)!r})), ['lovely warm', 'dirty'])[0].label)"
        "; print('mine', file=sys.stderr)",
        HOME=str(tmp_path),
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "good\n", "mine\n")
    assert not (tmp_path / ".keras").exists()


def test_a_file_of_settings_for_keras_is_not_read(loaded: dict[str, Any]) -> None:
    assert loaded["floatx"] == "float32"


def test_what_is_held_back_comes_out_when_the_import_fails(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ImportError), runtime.stderr_held_back():
        os.write(2, b"the only hint\n")
        raise ImportError
    with runtime.stderr_held_back():
        os.write(2, b"chatter\n")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "the only hint\nafter\n"


@pytest.mark.parametrize(("chatter", "library"), [(False, "keras"), (False, "tensorflow"), (True, "tensorflow")])
def test_a_tensorflow_that_cannot_be_loaded_is_said_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, chatter: bool, library: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(RunError, match=rf"TensorFlow cannot be loaded: .*{library}.*ulimit -v.*pip install"):
        runtime.load_tensorflow(chatter=chatter)


def test_a_signal_that_an_import_turned_into_an_error_is_a_signal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Finder:
        @staticmethod
        def find_spec(name: str, *_: object) -> None:
            if name == "keras":
                raise ImportError("a C extension did not load") from Interrupted("Stopped.", exit_code=143)

    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Finder, *sys.meta_path])
    with pytest.raises(Interrupted, match="Stopped"):
        runtime.load_tensorflow()


def test_where_the_chatter_is_wanted_keras_with_the_settings_of_the_user_is_not_loaded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "keras", None)  # loading it would be an error
    monkeypatch.setattr(runtime, "_use_threads", lambda *_: None)
    assert runtime.load_tensorflow(chatter=True).__name__ == "tensorflow"
