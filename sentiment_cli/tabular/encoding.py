"""Which encoding is a text file in?

A byte order mark decides, else UTF-8 where the whole file is that, else what a rule makes of the bytes that are not.
The rule knows the three encodings that Western texts come in (Windows, old Macintosh, DOS); for others it asks.
"""

from __future__ import annotations

import codecs
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from sentiment_cli.errors import DataError, UsageError
from sentiment_cli.tabular.content import Content, open_bytes, reading
from sentiment_cli.tabular.western import guess_western

# A line is read at once; the longest review of IMDb has 14 kB, and 64 MB without a line end are no table.
MAX_LINE_BYTES = 64_000_000
# What stands for bytes that are none of the encoding: lone surrogates, which no encoding gives.
UNDECODABLE = re.compile("[\ud800-\udfff]")
MARKING, MARK = "sentiment_cli.mark", "\udcff"
# Read at a time. With a megabyte, the heap of the C library breaks into pieces that are never filled: a million dirty
# rows took 103 MB, and take 55.
_CHUNK = 1 << 17
# From so many bad bytes on, more bad than good, a file is not UTF-8, and the rest is not looked at (it is slow).
_SURELY_BAD = 10_000
# What is in one of so many bytes is damage, not an encoding.
_RARE = 1_000
# Longest first: the mark of UTF-32 begins like that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8 with a byte order mark"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
_OUTSIDE_ASCII = re.compile(rb"[\x80-\xff]+")
_MOST_AROUND, _MOST_A_CHUNK, _REACH = 2_000, 200, 30
_CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\v\f\r\x1b")


@dataclass(frozen=True)
class Encoding:
    """How bytes become text.

    Args:
        codec: Python's name.
        name: for the user.
        note: what was guessed, and how to say otherwise; None where nothing was.
        sound: it is known that every byte is of this encoding, and that none is NUL.
    """

    codec: str
    name: str
    note: str | None = None
    sound: bool = False


@dataclass
class _Scan:
    """What the bytes of a file are.

    Args:
        size: their number, unpacked.
        continuation: bytes after the first of a character of several, where it is well-formed UTF-8.
        bad: stretches of bytes that are no UTF-8.
        nuls: whether there are any.
        around: pieces of lines around bytes that are not ASCII, of the parts where some are no UTF-8.
    """

    size: int = 0
    continuation: int = 0
    bad: int = 0
    nuls: bool = False
    around: list[bytes] = field(default_factory=list)


def find_encoding(content: Content, wanted: str | None = None) -> Encoding:
    """Find the encoding of a text file; it is read once, wholly.

    Args:
        content: the file.
        wanted: what the user says; it is not questioned.

    Raises:
        UsageError: no such encoding.
        DataError: the file is not text, has a line over `MAX_LINE_BYTES`, or is in an encoding that cannot be told.
    """
    mark_undecodable()
    marked = next((mark for mark in _MARKS if content.head.startswith(mark[0])), None)
    if wanted is not None:
        return _wanted(content, wanted)
    if marked and marked[1] != "utf-8-sig":
        _scan(content, utf8=False)
        return Encoding(marked[1], marked[2])
    if codec := _utf16_without_mark(content.head):
        _scan(content, utf8=False)
        return Encoding(codec, "UTF-16 without a byte order mark")
    _check_is_text(content)
    scan = _scan(content, utf8=True)
    codec, name = (marked[1], marked[2]) if marked else ("utf-8", "UTF-8")
    if scan.bad == 0 or marked or scan.continuation > scan.bad:
        return Encoding(codec, name, sound=not scan.bad and not scan.nuls)
    return _guess(content, scan)


def mark_undecodable() -> None:
    """Make `MARKING` known to Python's codecs: `MARK` for every stretch of bytes that cannot be decoded."""
    codecs.register_error(MARKING, _mark)


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return MARK, error.end


def _wanted(content: Content, wanted: str) -> Encoding:
    try:
        name = codecs.lookup(wanted).name
        # Raises for codecs that are not of texts, such as base64, and for those of names in addresses (idna, punycode).
        b"a".decode(wanted, MARKING)
    except (LookupError, UnicodeError, ValueError):
        raise UsageError(
            f'There is no encoding "{wanted}"; usual ones: utf-8, utf-16, windows-1252, latin-1, mac_roman, cp1251, '
            "gb18030, shift_jis."
        ) from None
    marks = tuple(mark for mark, codec, _ in _MARKS if codec == name)
    if name in ("utf-16", "utf-32") and not content.head.startswith(marks):
        name = _order_without_mark(content, name)
    _scan(content, utf8=False)
    return Encoding("utf-8-sig" if name == "utf-8" else name, wanted)


def _order_without_mark(content: Content, name: str) -> str:
    """The codec of a file that lacks the mark by which Python's ``utf-16`` and ``utf-32`` know the order of bytes."""
    codec = _utf16_without_mark(content.head) if name == "utf-16" else None
    if codec is None:
        raise UsageError(f"{content.path} has no byte order mark; say which order it has: {name}-le or {name}-be.")
    return codec


def _scan(content: Content, *, utf8: bool) -> _Scan:
    """Read a file from end to end.

    Args:
        content: the file.
        utf8: whether it is compared with UTF-8; the length of lines is looked at in any case.
    """
    scan, line, rest = _Scan(), 0, b""
    with reading(content.path):
        for chunk in _chunks(content):
            scan.size += len(chunk)
            scan.nuls = scan.nuls or b"\0" in chunk
            line = _check_line(content, chunk, line)
            if utf8 and not (scan.bad > _SURELY_BAD and scan.bad > scan.continuation):
                rest = _compare(scan, rest, chunk)
    scan.bad += len(rest)
    return scan


def _chunks(content: Content) -> Iterator[bytes]:
    with open_bytes(content) as (unpacked, _):
        while chunk := unpacked.read(_CHUNK):
            yield chunk


def _check_line(content: Content, chunk: bytes, before: int) -> int:
    """The length of the line that a chunk ends in, its part in earlier chunks included."""
    last = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
    length = before + len(chunk) if last < 0 else len(chunk) - last - 1
    if length > MAX_LINE_BYTES:
        raise DataError(
            f"{content.path} has a line of over {MAX_LINE_BYTES:,} bytes; expected a table with a line for each row "
            "(one JSON document: jq -c '.[]' FILE > FILE.jsonl)."
        )
    return length


def _compare(scan: _Scan, rest: bytes, chunk: bytes) -> bytes:
    """Count what is UTF-8 and what is not; gives the beginning of a character that the chunk breaks off in."""
    if not rest and chunk.isascii():
        return b""
    data = rest + chunk
    try:
        text, used = codecs.utf_8_decode(data, "strict", False)
    except UnicodeDecodeError:
        text, used = codecs.utf_8_decode(data, MARKING, False)
        scan.bad += text.count(MARK)
        if len(scan.around) < _MOST_AROUND:
            places = itertools.islice(_OUTSIDE_ASCII.finditer(data), _MOST_A_CHUNK)
            scan.around += [data[max(place.start() - _REACH, 0) : place.end() + _REACH] for place in places]
    scan.continuation += used - len(text)
    return data[used:]


def _guess(content: Content, scan: _Scan) -> Encoding:
    guess = guess_western(scan.around)
    if guess is not None:
        example = ", ".join(f"“{word}”" for word in guess.examples)
        note = (
            f"{content.path} is not UTF-8; read as {guess.name}, which gives {example}. Where that is wrong: "
            "sentiment data import --encoding NAME, or predict --output with it"
        )
        return Encoding(guess.codec, guess.name, note)
    if scan.bad * _RARE < scan.size:
        return Encoding("utf-8", "UTF-8")
    raise DataError(
        f"{content.path} is not UTF-8, and what it is instead cannot be told: no encoding of Western texts "
        "gives words. Name it: sentiment data import --encoding NAME, or predict --output with it, for example "
        "cp1251 (Cyrillic), gb18030 (Chinese), shift_jis (Japanese) or iso8859-2 (Central Europe)."
    )


def _utf16_without_mark(head: bytes) -> str | None:
    """UTF-16 of texts that are mostly ASCII has a zero in every second place."""
    pairs = len(head) // 2
    even, odd = head[0 : 2 * pairs : 2].count(0), head[1 : 2 * pairs : 2].count(0)
    if odd > 0.3 * pairs and even < odd / 4:
        return "utf-16-le"
    if even > 0.3 * pairs and odd < even / 4:
        return "utf-16-be"
    return None


def _check_is_text(content: Content) -> None:
    """Raise a DataError where one of twenty bytes is a control character, as in no text."""
    controls = len(content.head) - len(content.head.translate(None, _CONTROLS))
    if controls > 0.05 * len(content.head):
        raise DataError(f"{content.path} is no text; expected a table (CSV, TSV, JSON lines, Parquet, Excel).")
