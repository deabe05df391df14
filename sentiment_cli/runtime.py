"""How TensorFlow is loaded, on which device it works, and what the machine is: nothing happens on import."""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sentiment_cli.checkout import package_commit
from sentiment_cli.errors import DeviceError, RunError, signal_behind
from sentiment_cli.machine import available_cores

if TYPE_CHECKING:
    from sentiment_cli.config import Config


# Of malloc.h in the GNU C library.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8


@dataclass(frozen=True)
class Device:
    """Where the network runs.

    Args:
        name: ``cpu`` or ``gpu:N``.
        description: what it is and why it was chosen, for people.
    """

    name: str
    description: str

    @property
    def is_gpu(self) -> bool:
        """Whether it is a GPU."""
        return self.name.startswith("gpu")


def load_tensorflow(*, threads: int | None = None, chatter: bool = False) -> Any:
    """Import TensorFlow (about five seconds) without its start-up messages.

    Args:
        threads: how many its operations may use; None: one for each core that this process may use. TensorFlow takes
            one for each core of the machine by itself, also where a container may use two of sixty-four.
        chatter: let the messages through, for finding out why a GPU is not seen.

    Returns:
        The module ``tensorflow``.

    Raises:
        RunError: it is not there, damaged, or finds too little memory to be loaded.
    """
    if chatter:
        tensorflow = _load("tensorflow")
        _use_threads(tensorflow, threads)
        return tensorflow
    _share_memory_between_threads()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # Keras takes its back end from the environment; ours is TensorFlow.
    os.environ["KERAS_BACKEND"] = "tensorflow"
    with stderr_held_back(), _own_keras_settings():
        _load("keras")
        tensorflow = _load("tensorflow")
        # Python's side of the log: it warns of every width that is compiled.
        tensorflow.get_logger().setLevel("ERROR")
        # The first look at the devices writes messages as well.
        tensorflow.config.list_physical_devices()
    _use_threads(tensorflow, threads)
    _keep_freed_memory()
    return tensorflow


def _load(library: str) -> Any:
    try:
        return importlib.import_module(library)
    except (ImportError, OSError) as error:
        if stop := signal_behind(error):
            raise stop from None
        raise RunError(
            f"TensorFlow cannot be loaded: {error}. Where its libraries cannot be mapped, there is too little memory "
            "(ulimit -v); else install it anew: pip install --force-reinstall tensorflow"
        ) from error


@contextlib.contextmanager
def _own_keras_settings() -> Iterator[None]:
    """Keras reads no settings of the user's, such as another type of numbers, and leaves no file in the home."""
    with tempfile.TemporaryDirectory(prefix="sentiment-keras-") as empty:
        os.environ["KERAS_HOME"] = empty
        yield


def choose_device(setting: str, *, untried: bool = False, every_gpu: bool = False) -> Device:
    """Decide where the network runs, and make TensorFlow see only that. TensorFlow must be loaded.

    Args:
        setting: ``auto``, ``cpu``, ``gpu`` or ``gpu:N``.
        untried: compute nothing yet, as is needed before workers meet.
        every_gpu: let TensorFlow see all GPUs, where it is to be any.

    Raises:
        DeviceError: a GPU was asked for and cannot be used; the message gives the reason.
    """
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    if setting == "cpu" or (setting == "auto" and not gpus):
        reason = "asked for" if setting == "cpu" else why_no_gpu()
        _show_only(tf, [])
        return Device("cpu", f"CPU, {available_cores()} cores ({reason})")
    index = int(setting.partition(":")[2] or 0) if setting != "auto" else 0
    if index >= len(gpus):
        there = f"there are {len(gpus)}: gpu:0 to gpu:{len(gpus) - 1}" if gpus else why_no_gpu()
        raise DeviceError(f"--device {setting}: no such GPU, {there}. Use --device cpu or --device auto.")
    _show_only(tf, gpus if every_gpu else [gpus[index]])
    name = tf.config.experimental.get_device_details(gpus[index]).get("device_name", "GPU")
    problem = None if untried else _try_gpu(tf)
    if problem and setting == "auto":
        raise DeviceError(f"{name} is there but does not work: {problem} Use --device cpu.")
    if problem:
        raise DeviceError(f"--device {setting}: {name} does not work: {problem}")
    return Device(f"gpu:{index}", f"{name} ({'asked for' if setting != 'auto' else 'found'})")


def evaluation_device(config: Config) -> str:
    """The device setting for predicting: a run that was trained on a GPU can be used without one."""
    return "cpu" if config.training.device == "cpu" else "auto"


def why_no_gpu() -> str:
    """The reason why TensorFlow sees no GPU, as far as it can be told."""
    import tensorflow as tf

    if sys.platform == "darwin":
        return "TensorFlow has no GPU support on macOS without a plug-in"
    if not tf.test.is_built_with_cuda():
        return "this TensorFlow was built without CUDA"
    if not Path("/proc/driver/nvidia/version").exists():
        return "no GPU: the NVIDIA driver is not loaded"
    return "an NVIDIA driver is loaded, but TensorFlow cannot load CUDA: pip install 'sentiment-cli[gpu]'"


def describe_threads() -> dict[str, int]:
    """TensorFlow's thread pools; 0: TensorFlow takes one thread a core. TensorFlow must be loaded."""
    import tensorflow as tf

    threading = tf.config.threading
    return {
        "intra_op": threading.get_intra_op_parallelism_threads(),
        "inter_op": threading.get_inter_op_parallelism_threads(),
    }


def describe_environment() -> dict[str, Any]:
    """Versions, commit of our sources (None outside of a checkout) and machine, without TensorFlow being loaded."""
    packages = (
        "sentiment-cli",
        "tensorflow",
        "keras",
        "numpy",
        "numba",
        "gensim",
        "scikit-learn",
        "pydantic",
        "click",
        "matplotlib",
    )
    return {
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in packages}},
        "commit": package_commit(),
        "platform": platform.platform(),
        "processor": _processor(),
        "cores": available_cores(),
    }


def _use_threads(tf: Any, count: int | None) -> None:
    # Too late in a program that calls us and has used TensorFlow before; what it chose stands.
    with contextlib.suppress(RuntimeError):
        tf.config.threading.set_intra_op_parallelism_threads(count or available_cores())
        tf.config.threading.set_inter_op_parallelism_threads(count or available_cores())


def _share_memory_between_threads() -> None:
    """Let the threads that are started from now on use what others have freed.

    The C library gives each a pool of its own, up to eight for a core: the training of `imdb_lstm` then peaks a tenth
    higher.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # another C library than GNU's
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, max(available_cores() // 4, 1))


def _keep_freed_memory() -> None:
    """Let the C library of this process keep large blocks for the next step, not hand them back to the system.

    The system clears every page of a block that it hands out: a step of an LSTM 32 takes 13.4 ms instead of 17.
    """
    if sys.platform != "linux":
        return
    with contextlib.suppress(OSError, AttributeError):  # another C library than GNU's
        c_library = ctypes.CDLL(None)
        # Older versions refuse the first; the second alone would make them map every block.
        if c_library.mallopt(_M_MMAP_THRESHOLD, 2**30):
            c_library.mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)


def hand_back_memory() -> None:
    """Hand what this process has freed back to the system, after reading a lot and before long work.

    From then on freed blocks are kept again: making a vocabulary puts an end to that (TensorFlow 2.21), and an epoch
    of an LSTM 32 over 20,000 reviews takes 3.6 s instead of 2.7.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # another C library than GNU's
            ctypes.CDLL(None).malloc_trim(0)
    _keep_freed_memory()


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _show_only(tf: Any, gpus: list[Any]) -> None:
    try:
        tf.config.set_visible_devices(gpus, "GPU")
        for gpu in gpus:
            tf.config.experimental.set_memory_growth(gpu, True)
    except RuntimeError:
        # The devices are in use since before, in a program that calls us; what it chose stands.
        return


def _try_gpu(tf: Any) -> str | None:
    """Why a small product on the GPU fails, or None; some cards are listed and fail at their first operation."""
    try:
        with tf.device("/GPU:0"):
            tf.linalg.matmul(tf.ones((8, 8)), tf.ones((8, 8))).numpy()
    except tf.errors.OpError as error:
        return str(error).splitlines()[0]
    return None


@contextlib.contextmanager
def stderr_held_back() -> Iterator[None]:
    """Hold back what is written to file descriptor 2, and give it out only when an import fails.

    TensorFlow writes its first messages from C++ before its log level is read.
    """
    sys.stderr.flush()
    try:
        saved = os.dup(2)
    except OSError:  # no standard error at all
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        failed = False
        try:
            yield
        except ImportError:
            failed = True
            raise
        finally:
            sys.stderr.flush()
            os.dup2(saved, 2)
            os.close(saved)
            if failed:
                held.seek(0)
                os.write(2, held.read())
