"""Downloads from a server on this machine that misbehaves in all the usual ways."""

from __future__ import annotations

import hashlib
import http.client
import http.server
import io
import os
import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sentiment_cli.data.addresses import CheckedRedirects, check_address
from sentiment_cli.data.download import RemoteFile, RetryPolicy, fetch
from sentiment_cli.errors import DownloadError

CONTENT = bytes(range(256)) * 40
SIZE = 10_240
SHA256 = hashlib.sha256(CONTENT).hexdigest()
OTHER = CONTENT[::-1]

Answer = Callable[["Handler"], None]


class Server(http.server.ThreadingHTTPServer):
    """Gives the answers of its script in turn, the last one for ever, and remembers what was asked."""

    daemon_threads = False  # closing waits for them, and so leaves no open connection behind

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script: list[Answer] = []
        self.ranges: list[str | None] = []
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/file"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are part of the tests."""


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.ranges.append(self.headers["Range"])
        script = self.server.script
        (script.pop(0) if len(script) > 1 else script[0])(self)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""

    def reply(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)


def whole(content: bytes = CONTENT) -> Answer:
    """All of it, whatever range was asked for."""
    return lambda handler: handler.reply(200, content, Content_Length=str(len(content)))


def cut(length: int, content: bytes = CONTENT) -> Answer:
    """A connection that ends after ``length`` of the announced bytes."""
    return lambda handler: handler.reply(200, content[:length], Content_Length=str(len(content)))


def unannounced(content: bytes) -> Answer:
    """No Content-Length: the body ends with the connection."""
    return lambda handler: handler.reply(200, content)


def status(code: int) -> Answer:
    return lambda handler: handler.reply(code, b"<html>sorry</html>", Content_Length="18")


def redirect(location: str, code: int = 302) -> Answer:
    return lambda handler: handler.reply(code, b"", Location=location, Content_Length="0")


def ranged(content: bytes = CONTENT) -> Answer:
    """What was asked for, as a server should."""

    def answer(handler: Handler) -> None:
        asked = handler.headers["Range"]
        if asked is None:
            return whole(content)(handler)
        start = int(asked.removeprefix("bytes=").removesuffix("-"))
        return partial(start, content)(handler)

    return answer


def partial(start: int, content: bytes = CONTENT, total: int | str = SIZE) -> Answer:
    """From ``start``, whatever was asked for."""
    return lambda handler: handler.reply(
        206,
        content[start:],
        Content_Range=f"bytes {start}-{len(content) - 1}/{total}",
        Content_Length=str(len(content) - start),
    )


def stall(length: int) -> Answer:
    """``length`` bytes, then silence on an open connection."""

    def answer(handler: Handler) -> None:
        cut(length)(handler)
        handler.server.closing.wait(10)

    return answer


def hang(handler: Handler) -> None:
    """Not even a status line."""
    handler.server.closing.wait(10)


def hang_up(handler: Handler) -> None:
    handler.close_connection = True


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "*")
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.closing.set()
        server.shutdown()
        thread.join()


class Fetch:
    """A fetch from the server, with what it reported."""

    def __init__(self, server: Server, path: Path) -> None:
        self.server, self.path = server, path
        self.notes: list[str] = []
        self.progress: list[tuple[str, int, int | None]] = []
        self.pauses: list[float] = []

    def __call__(self, *script: Answer, attempts: int = 3, sha256: str = SHA256) -> bytes:
        self.server.script = list(script)
        fetch(
            RemoteFile(self.server.url, SIZE, sha256),
            self.path,
            progress=lambda phase, done, total: self.progress.append((phase, done, total)),
            note=self.notes.append,
            policy=RetryPolicy(attempts=attempts, timeout_seconds=0.3, wait_seconds=1.0, sleep=self.pauses.append),
        )
        return self.path.read_bytes()

    def error(self, *script: Answer, attempts: int = 3, sha256: str = SHA256) -> str:
        with pytest.raises(DownloadError) as caught:
            self(*script, attempts=attempts, sha256=sha256)
        return str(caught.value)


@pytest.fixture
def get(server: Server, tmp_path: Path) -> Fetch:
    return Fetch(server, tmp_path / ".file.part")


# What goes well


def test_a_file_arrives_in_one_request(get: Fetch) -> None:
    assert get(whole()) == CONTENT

    assert get.server.ranges == [None]
    assert get.notes == []
    assert get.pauses == []


def test_progress_counts_bytes_of_the_download_and_then_of_the_check(get: Fetch) -> None:
    get(whole())

    phases = [phase for phase, _, _ in get.progress]
    assert phases == sorted(phases)  # "download" comes before "verify"
    assert ("download", SIZE, SIZE) in get.progress
    assert get.progress[-1] == ("verify", SIZE, SIZE)


def test_an_answer_without_a_length_is_taken(get: Fetch) -> None:
    assert get(unannounced(CONTENT)) == CONTENT


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_redirects_are_followed(get: Fetch, code: int) -> None:
    assert get(redirect("/elsewhere", code), whole()) == CONTENT


def test_a_redirect_keeps_the_range(get: Fetch) -> None:
    get.path.write_bytes(CONTENT[:100])

    assert get(redirect("/elsewhere"), ranged()) == CONTENT
    assert get.server.ranges == ["bytes=100-", "bytes=100-"]


def test_silence_after_the_last_byte_does_no_harm(get: Fetch) -> None:
    def answer(handler: Handler) -> None:
        unannounced(CONTENT)(handler)
        handler.server.closing.wait(10)

    assert get(answer, attempts=1) == CONTENT


# Going on where an earlier attempt ended


def test_an_earlier_part_is_continued(get: Fetch) -> None:
    get.path.write_bytes(CONTENT[:4_000])

    assert get(ranged()) == CONTENT
    assert get.server.ranges == ["bytes=4000-"]
    assert get.notes == ["going on after 4,000 bytes"]


def test_a_complete_part_needs_no_network(get: Fetch) -> None:
    get.path.write_bytes(CONTENT)

    assert get(status(404)) == CONTENT
    assert get.server.ranges == []


def test_a_server_that_ignores_the_range_is_taken_from_the_start(get: Fetch) -> None:
    get.path.write_bytes(OTHER[:4_000])

    assert get(whole()) == CONTENT
    assert get.server.ranges == ["bytes=4000-"]


def test_a_server_may_begin_earlier_than_asked(get: Fetch) -> None:
    get.path.write_bytes(CONTENT[:1_000] + b"?" * 100)

    assert get(partial(1_000)) == CONTENT


@pytest.mark.parametrize(
    "answer",
    [status(416), partial(5_000), lambda handler: handler.reply(206, CONTENT[4_000:])],
    ids=["416", "a range further on", "no Content-Range"],
)
def test_a_part_that_cannot_be_continued_is_dropped(get: Fetch, answer: Answer) -> None:
    get.path.write_bytes(CONTENT[:4_000])

    assert get(answer, ranged()) == CONTENT
    assert get.server.ranges == ["bytes=4000-", None]
    assert "cannot go on after 4,000 bytes" in get.notes[0]


def test_the_total_of_a_range_may_be_unknown(get: Fetch) -> None:
    get.path.write_bytes(CONTENT[:4_000])

    assert get(partial(4_000, total="*")) == CONTENT


def test_a_part_that_is_too_long_is_dropped(get: Fetch) -> None:
    get.path.write_bytes(CONTENT + b"!")

    assert get(ranged()) == CONTENT
    assert get.server.ranges == [None]


def test_a_part_of_another_file_is_found_out_and_fetched_again(get: Fetch) -> None:
    get.path.write_bytes(OTHER[:4_000])

    assert get(ranged()) == CONTENT
    assert get.server.ranges == ["bytes=4000-", None]
    assert "do not fit together" in get.notes[-1]


def test_a_file_that_changes_between_two_attempts_is_fetched_again(get: Fetch) -> None:
    assert get(cut(4_000, OTHER), ranged()) == CONTENT
    assert get.server.ranges == [None, "bytes=4000-", None]


def test_a_complete_part_of_another_file_is_fetched_again(get: Fetch) -> None:
    get.path.write_bytes(OTHER)

    assert get(ranged()) == CONTENT
    assert get.server.ranges == [None]


# Trying again


def test_a_dropped_connection_is_continued(get: Fetch) -> None:
    assert get(cut(4_000), ranged()) == CONTENT
    assert get.server.ranges == [None, "bytes=4000-"]
    assert "ended after 4,000 of 10,240 bytes" in get.notes[0]


def test_a_stalled_connection_is_continued(get: Fetch) -> None:
    assert get(stall(4_000), ranged()) == CONTENT
    assert get.server.ranges == [None, "bytes=4000-"]
    assert "nothing came for 0.3 s" in get.notes[0]


@pytest.mark.parametrize("answer", [hang, hang_up, status(500), status(503), status(429)])
def test_a_server_in_trouble_is_asked_again(get: Fetch, answer: Answer) -> None:
    assert get(answer, whole()) == CONTENT
    assert len(get.server.ranges) == 2


def test_pauses_double_and_attempts_end(get: Fetch) -> None:
    message = get.error(status(500), attempts=4)

    assert get.pauses == [1.0, 2.0, 4.0]
    assert len(get.server.ranges) == 4
    assert "HTTP 500" in message
    assert "gave up after 4 attempts with 0 of 10,240 bytes" in message


def test_the_last_attempt_may_be_the_one_that_succeeds(get: Fetch) -> None:
    assert get(status(500), status(500), whole(), attempts=3) == CONTENT


def test_what_arrived_before_giving_up_is_kept_for_the_next_call(get: Fetch) -> None:
    message = get.error(cut(4_000), status(500))

    assert "4,000 of 10,240 bytes, which are kept" in message
    assert get.path.read_bytes() == CONTENT[:4_000]


def test_a_truncating_server_that_ignores_ranges_ends_in_an_error(get: Fetch) -> None:
    assert "4,000 of 10,240 bytes" in get.error(cut(4_000))


def test_no_server_at_all_is_an_error_after_all_attempts(get: Fetch) -> None:
    get.server.script = [whole()]
    get.server.server_close()

    message = get.error(whole())

    assert "no connection" in message
    assert get.pauses == [1.0, 2.0]
    assert not get.path.exists()


# What is refused


@pytest.mark.parametrize("code", [401, 403, 404, 410, 416])
def test_a_refusal_is_final(get: Fetch, code: int) -> None:
    message = get.error(status(code))

    assert f"HTTP {code}" in message
    assert get.server.url in message
    assert len(get.server.ranges) == 1
    assert not get.path.exists()


def test_a_refusal_leaves_the_part_for_better_times(get: Fetch) -> None:
    get.path.write_bytes(CONTENT[:4_000])

    get.error(status(404))

    assert get.path.read_bytes() == CONTENT[:4_000]


def test_wrong_bytes_are_removed_and_both_checksums_told(get: Fetch) -> None:
    message = get.error(whole(OTHER))

    assert SHA256 in message
    assert hashlib.sha256(OTHER).hexdigest() in message
    assert len(get.server.ranges) == 1
    assert not get.path.exists()


def test_wrong_bytes_that_came_in_pieces_are_removed_after_a_second_try(get: Fetch) -> None:
    get.error(cut(4_000, OTHER), ranged(OTHER))

    assert get.server.ranges == [None, "bytes=4000-", None]
    assert not get.path.exists()


@pytest.mark.parametrize("content", [b"<html>log in</html>", CONTENT + b"!", b""], ids=["short", "long", "empty"])
def test_a_wrong_length_is_refused_when_it_is_announced(get: Fetch, content: bytes) -> None:
    message = get.error(whole(content))

    assert f"expected 10,240 bytes, received {len(content):,}" in message
    assert get.progress == []
    assert not get.path.exists()


def test_a_login_page_does_not_cost_the_part(get: Fetch) -> None:
    get.path.write_bytes(CONTENT[:4_000])

    get.error(whole(b"<html>log in</html>"))

    assert get.path.read_bytes() == CONTENT[:4_000]


def test_a_rest_of_the_wrong_length_is_refused(get: Fetch) -> None:
    get.path.write_bytes(CONTENT[:4_000])

    assert "expected 10,240 bytes, received 10,241" in get.error(ranged(CONTENT + b"!"))


def test_bytes_beyond_the_end_are_never_written(get: Fetch) -> None:
    message = get.error(unannounced(CONTENT * 20))

    assert "expected 10,240 bytes, received more than 10,240" in message
    assert max(done for _, done, _ in get.progress) == SIZE
    assert not get.path.exists()


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", ["ftp://127.0.0.1/file", "file:///etc/passwd", "data:text/plain,hello"])
def test_redirects_to_other_schemes_are_refused(get: Fetch, location: str, code: int) -> None:
    get.error(redirect(location, code))

    assert len(get.server.ranges) == 1
    assert not get.path.exists()


def test_redirects_in_a_circle_end(get: Fetch) -> None:
    message = get.error(redirect("/file"))

    assert "HTTP 302" in message
    assert "\n" not in message


def test_a_redirect_that_cannot_be_read_is_an_error(get: Fetch) -> None:
    assert get.server.url in get.error(redirect("http://[half/file"))


def test_a_redirect_from_https_to_http_is_refused() -> None:
    request = urllib.request.Request("https://example.org/file")
    headers = http.client.HTTPMessage()

    with pytest.raises(DownloadError, match=r"https://example\.org/file redirects to http://example\.org/file"):
        CheckedRedirects().redirect_request(request, io.BytesIO(), 302, "", headers, "http://example.org/file")


def test_a_redirect_from_http_to_https_is_followed() -> None:
    check_address("https://example.org/file", redirected_from="http://example.org/file")


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://example.org/file", "/etc/passwd", ""])
def test_only_web_addresses_are_fetched(url: str, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="only http and https"):
        fetch(RemoteFile(url, SIZE, SHA256), tmp_path / "part", progress=lambda *_: None, note=print)

    assert list(tmp_path.iterdir()) == []


# The disk


def test_a_directory_in_the_way_is_a_clear_error(get: Fetch) -> None:
    get.path.mkdir()

    assert f"{get.path}: cannot be written" in get.error(whole())
    assert get.server.ranges == []


def test_a_full_disk_is_not_taken_for_a_bad_connection(get: Fetch) -> None:
    resource = pytest.importorskip("resource", reason="needs a limit on the length of files")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, hard))
    try:
        message = get.error(whole())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert f"{get.path}: cannot be written: File too large" in message
    assert get.pauses == []


@pytest.mark.skipif(os.name == "nt", reason="Windows goes without the lock")
def test_two_downloads_to_one_file_do_not_mix(get: Fetch, tmp_path: Path) -> None:
    messages: list[str] = []

    def compete(handler: Handler) -> None:
        messages.append(Fetch(get.server, get.path).error(whole()))
        whole()(handler)

    assert get(compete) == CONTENT
    assert "another process is downloading" in messages[0]


def test_an_interrupted_download_keeps_what_it_has(get: Fetch) -> None:
    def interrupt(phase: str, done: int, total: int | None, /) -> None:
        raise KeyboardInterrupt

    get.server.script = [cut(4_000)]
    with pytest.raises(KeyboardInterrupt):
        fetch(RemoteFile(get.server.url, SIZE, SHA256), get.path, progress=interrupt, note=get.notes.append)

    kept = get.path.read_bytes()
    assert kept
    assert CONTENT.startswith(kept)
