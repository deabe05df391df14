"""How one large file comes over HTTP: resumed, retried, and believed only after its checksum.

What has arrived stays on disk between attempts and between calls, so nobody pays twice for a line that
drops. No entity tags are kept: a file pieced together from several answers whose checksum is wrong is
fetched once more from the start, which also covers a file that changed on the server in between.
Nothing here knows what is in the file.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import re
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from sentiment_cli.data.addresses import CheckedRedirects, check_address
from sentiment_cli.data.partial_file import disk_errors, open_partial
from sentiment_cli.errors import DownloadError

_CHUNK_BYTES = 256 * 1024
# Too busy, or down for the moment; every other error status will be the same in a second.
_TRANSIENT_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(?:\d+|\*)")


class Progress(Protocol):
    """What is told how far a phase has come; called often, so it should be quick."""

    def __call__(self, phase: str, done: int, total: int | None, /) -> None:
        """Take the name of the phase, the bytes done, and the bytes in all (None: not known)."""


@dataclass(frozen=True)
class RemoteFile:
    """A file on the web of which we know in advance what it must be.

    Args:
        url: http or https address.
        size: length in bytes.
        sha256: checksum in lower-case hexadecimal.
    """

    url: str
    size: int
    sha256: str


@dataclass(frozen=True)
class RetryPolicy:
    """How long to wait and how often to try.

    Args:
        attempts: requests in all, at least 1.
        timeout_seconds: longest wait for a connection, and for the next bytes on one.
        wait_seconds: pause before the second attempt; each later pause is twice as long.
        sleep: what pauses.
    """

    attempts: int = 5
    timeout_seconds: float = 30.0
    wait_seconds: float = 1.0
    sleep: Callable[[float], None] = time.sleep


RETRY_POLICY = RetryPolicy()


def fetch(
    remote: RemoteFile,
    path: Path,
    *,
    progress: Progress,
    note: Callable[[str], None],
    policy: RetryPolicy = RETRY_POLICY,
) -> None:
    """Make ``path`` the verified ``remote``, going on from what an earlier call left there.

    Args:
        remote: what to get.
        path: the partial file, and the whole one at the end. It is kept when the transfer stops for
            whatever reason, never grows beyond ``remote.size``, and is removed when its checksum is wrong.
        progress: told the phases ``download`` and ``verify``.
        note: told one line about every attempt that continues, starts over or failed.
        policy: time-outs and retries.

    Raises:
        DownloadError: the server refuses, cannot be reached, or sends something else; ``path`` cannot be
            written; another process is writing to it.
    """
    check_address(remote.url)
    with open_partial(path) as file:
        _fetch_verified(_Transfer(remote, file, progress, note, policy))


def compute_sha256(file: BinaryIO, *, progress: Progress) -> str:
    """The hexadecimal SHA-256 of all of ``file``, a seekable file; reports the phase ``verify``."""
    total = file.seek(0, os.SEEK_END)
    file.seek(0)
    digest, done = hashlib.sha256(), 0
    while chunk := file.read(_CHUNK_BYTES):
        digest.update(chunk)
        done += len(chunk)
        progress("verify", done, total)
    return digest.hexdigest()


@dataclass(frozen=True)
class _Transfer:
    """What every step of one `fetch` needs."""

    remote: RemoteFile
    file: BinaryIO  # opened for appending, so that writing continues at its end
    progress: Progress
    note: Callable[[str], None]
    policy: RetryPolicy

    @property
    def received(self) -> int:
        """Bytes in the file."""
        return self.file.seek(0, os.SEEK_END)

    def append(self, chunk: bytes) -> None:
        rest = memoryview(chunk)
        with disk_errors(self.file.name):
            while rest:
                rest = rest[self.file.write(rest) :]

    def cut(self, length: int) -> None:
        with disk_errors(self.file.name):
            self.file.truncate(length)


class _TransientError(Exception):
    """An attempt failed in a way that the next one may not."""


def _fetch_verified(transfer: _Transfer) -> None:
    remote = transfer.remote
    if transfer.received > remote.size:
        transfer.cut(0)
    in_one_piece = _receive_with_retries(transfer)
    received = compute_sha256(transfer.file, progress=transfer.progress)
    if received != remote.sha256 and not in_one_piece:
        transfer.note("the pieces of the download do not fit together; starting over")
        transfer.cut(0)
        _receive_with_retries(transfer)
        received = compute_sha256(transfer.file, progress=transfer.progress)
    if received != remote.sha256:
        transfer.cut(0)
        raise DownloadError(f"{remote.url}: wrong checksum: expected sha256 {remote.sha256}, received {received}")


def _receive_with_retries(transfer: _Transfer) -> bool:
    """Complete the file. True when all of it came with the last answer, False when it is pieced together."""
    if transfer.received == transfer.remote.size:
        return False  # an earlier call got it, however it did
    last: _TransientError | None = None
    for attempt in range(transfer.policy.attempts):
        if last is not None:
            pause = transfer.policy.wait_seconds * 2 ** (attempt - 1)
            transfer.note(f"{last}; trying again in {pause:g} s")
            transfer.policy.sleep(pause)
        try:
            return _receive(transfer) == 0
        except _TransientError as error:
            last = error
    raise DownloadError(
        f"{transfer.remote.url}: {last}; gave up after {transfer.policy.attempts} attempts with "
        f"{transfer.received:,} of {transfer.remote.size:,} bytes, which are kept for the next try"
    ) from last


def _receive(transfer: _Transfer) -> int:
    """Ask once for what is missing and append it. Returns the byte that the answer began at."""
    already = transfer.received
    with _answer(transfer, already) as response:
        start = _first_byte(response)
        if start is None or start > already:
            raise _cannot_continue(transfer)
        announced = None if response.length is None else start + response.length
        if announced not in (None, transfer.remote.size):
            raise _wrong_size(transfer.remote, f"{announced:,}")
        if already:
            transfer.note(f"going on after {start:,} bytes" if start else "the server sends it all again")
        transfer.cut(start)
        _append(response, transfer, length_is_known=announced is not None)
    return start


@contextlib.contextmanager
def _answer(transfer: _Transfer, already: int) -> Iterator[http.client.HTTPResponse]:
    """The server's answer; errors of the network, then or while reading it, become ours."""
    headers = {"User-Agent": "sentiment-cli", "Accept-Encoding": "identity"}
    if already:
        headers["Range"] = f"bytes={already}-"
    request = urllib.request.Request(transfer.remote.url, headers=headers)
    opener = urllib.request.build_opener(CheckedRedirects)
    try:
        with opener.open(request, timeout=transfer.policy.timeout_seconds) as response:
            yield cast(http.client.HTTPResponse, response)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416 and already:
            raise _cannot_continue(transfer) from None
        status = f"HTTP {error.code} {' '.join(str(error.reason).split())}"  # urllib's own run over several lines
        raise _judge(transfer, status, error.code in _TRANSIENT_STATUSES) from error
    except urllib.error.URLError as error:
        certificate = isinstance(error.reason, ssl.SSLCertVerificationError)
        raise _judge(transfer, f"no connection: {error.reason}", not certificate) from error
    except TimeoutError as error:
        silence = f"nothing came for {transfer.policy.timeout_seconds:g} s"
        raise _TransientError(silence) from error
    except (OSError, http.client.HTTPException) as error:
        raise _TransientError(f"the connection broke: {error or type(error).__name__}") from error
    except ValueError as error:  # a redirect to something that urllib cannot parse
        raise DownloadError(f"{transfer.remote.url}: unusable answer: {error}") from error


def _judge(transfer: _Transfer, what: str, transient: bool) -> Exception:
    return _TransientError(what) if transient else DownloadError(f"{transfer.remote.url}: {what}")


def _cannot_continue(transfer: _Transfer) -> _TransientError:
    """Forget what there is, since the server will not go on from it."""
    already = transfer.received
    transfer.cut(0)
    return _TransientError(f"the server cannot go on after {already:,} bytes")


def _first_byte(response: http.client.HTTPResponse) -> int | None:
    """Where in the file the body begins; None for a partial answer that does not say."""
    if response.status != http.client.PARTIAL_CONTENT:
        return 0  # the server ignored Range, or was sent none
    match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    return int(match[1]) if match else None


def _append(response: http.client.HTTPResponse, transfer: _Transfer, *, length_is_known: bool) -> None:
    """Copy the body, and not a byte more than the file may have."""
    size = transfer.remote.size
    done = transfer.received
    while done < size:
        # read1 hands on what is there: on a slow line nothing is lost when the next bytes never come.
        chunk = response.read1(min(_CHUNK_BYTES, size - done))
        if not chunk:
            raise _TransientError(f"the answer ended after {done:,} of {size:,} bytes")
        transfer.append(chunk)
        done += len(chunk)
        transfer.progress("download", done, size)
    if not length_is_known and _has_more(response):
        transfer.cut(0)
        raise _wrong_size(transfer.remote, f"more than {size:,}")


def _has_more(response: http.client.HTTPResponse) -> bool:
    try:
        return bool(response.read1(1))
    except (OSError, http.client.HTTPException):
        return False  # it ended badly, after all that we wanted


def _wrong_size(remote: RemoteFile, received: str) -> DownloadError:
    return DownloadError(f"{remote.url}: wrong size: expected {remote.size:,} bytes, received {received}")
