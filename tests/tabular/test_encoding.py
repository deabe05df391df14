"""Which encoding a text file is read in, and what is said of it."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from sentiment_cli.errors import DataError, UsageError
from sentiment_cli.tabular import encoding as encodings
from sentiment_cli.tabular.content import look_at
from sentiment_cli.tabular.encoding import Encoding, find_encoding
from sentiment_cli.tabular.opening import open_table
from sentiment_cli.tabular.western import guess_western

# Reviews in the languages that the three Western encodings are for, with what their typists use.
WESTERN = {
    "English": "It’s a “must-see” – the café scene, Zoë’s naïve smile… and Amélie’s façade.",
    "French": "C’était très décevant : l’hôtel était sale, les élèves bruyants. À éviter, dès le début ! Ça suffit…",
    "German": "Schöne Zimmer, aber die Straße ist laut. Für Gäste, die früh schlafen, unmöglich. Übrigens: süß! Ärger",
    "Spanish": "¡Qué película más aburrida! El niño está muy bien, pero la acción… ¿quién la entendió? Corazón, años",
    "Portuguese": "Não gostei da atuação. A história é confusa, mas a música é ótima. Atenção, coração, você, três",
    "Italian": "Perché è così noioso? La città è bella, però il film non lo è. Più o meno, già visto, lunedì",
    "Danish": "Filmen var så kedelig, at jeg næsten faldt i søvn. Æblerne på ø’en var bedre, også øllet.",
}


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def found(tmp_path: Path, content: bytes, wanted: str | None = None) -> Encoding:
    return find_encoding(look_at(write(tmp_path / "a.csv", content)), wanted)


class TestUnicode:
    @pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
    def test_each_form_gives_the_same_rows(self, tmp_path: Path, codec: str) -> None:
        table = open_table(write(tmp_path / "a.csv", "text,label\ncafé 很好 😀,pos\n".encode(codec)))
        assert table.columns == ("text", "label")
        assert [row.values for row in table.rows()] == [("café 很好 😀", "pos")]
        assert (table.faults.total, table.notes) == (0, [])

    @pytest.mark.parametrize("mark", [codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE])
    def test_marks_of_big_endian_are_known(self, tmp_path: Path, mark: bytes) -> None:
        codec = "utf-16-be" if len(mark) == 2 else "utf-32-be"
        table = open_table(write(tmp_path / "a.csv", mark + "text,label\né,b\n".encode(codec)))
        assert [row.values for row in table.rows()] == [("é", "b")]

    def test_what_is_utf8_to_the_last_byte_is_sound(self, tmp_path: Path) -> None:
        assert found(tmp_path, "text\nüber\n".encode()) == Encoding("utf-8", "UTF-8", sound=True)
        assert found(tmp_path, b"text\n") == Encoding("utf-8", "UTF-8", sound=True)

    @pytest.mark.parametrize("chunk", [1, 2, 3, 5])
    def test_characters_that_chunks_break_off_in_are_whole(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
    ) -> None:
        monkeypatch.setattr(encodings, "_CHUNK", chunk)
        assert found(tmp_path, "text\né€😀 plain é\n".encode()).sound

    def test_a_few_bad_bytes_among_many_good_ones_leave_it_utf8(self, tmp_path: Path) -> None:
        content = b"text,label\n" + "è vero così,pos\n".encode() * 5 + b"caf\xe9,neg\nfine,pos\n"
        table = open_table(write(tmp_path / "a.csv", content))
        assert [row.number for row in table.rows()] == [1, 2, 3, 4, 5, 7]
        assert table.description == "CSV, separated by commas, in UTF-8"
        assert table.faults.counts == {"bytes that are not of the encoding": 1}
        assert table.faults.places == {"bytes that are not of the encoding": [7]}

    def test_one_bad_byte_in_a_large_file_of_ascii_is_damage_and_no_encoding(self, tmp_path: Path) -> None:
        table = open_table(write(tmp_path / "a.csv", b"text,label\n" + b"fine,pos\n" * 500 + b"\xff\x81\xff,neg\n"))
        assert len(list(table.rows())) == 500
        assert table.faults.places == {"bytes that are not of the encoding": [502]}

    def test_a_file_that_ends_within_a_character_loses_that_row_alone(self, tmp_path: Path) -> None:
        table = open_table(write(tmp_path / "a.csv", "text,label\nè,pos\nè,caf".encode() + b"\xc3"))
        assert [row.values for row in table.rows()] == [("è", "pos")]
        assert table.faults.total == 1

    def test_surrogates_in_utf16_are_faults(self, tmp_path: Path) -> None:
        content = "text,label\na,b\n".encode("utf-16") + b"\x00\xd8" + "x,y\nc,d\n".encode("utf-16-le")
        table = open_table(write(tmp_path / "a.csv", content))
        assert [row.values for row in table.rows()] == [("a", "b"), ("c", "d")]
        assert table.faults.counts == {"bytes that are not of the encoding": 1}


class TestWestern:
    @pytest.mark.parametrize("language", WESTERN)
    @pytest.mark.parametrize(("codec", "name"), [("cp1252", "windows-1252"), ("mac_roman", "Mac Roman")])
    def test_each_language_is_told_in_windows_and_macintosh(self, language: str, codec: str, name: str) -> None:
        guess = guess_western([WESTERN[language].encode(codec)])
        assert guess is not None
        assert (guess.codec, guess.name) in [(codec, name), (codec, "latin-1 (windows-1252)")]

    @pytest.mark.parametrize("language", WESTERN)
    def test_each_language_is_told_in_dos(self, language: str) -> None:
        plain = WESTERN[language].translate({ord(old): new for old, new in zip("’“”–…", '\'""-.', strict=True)})
        guess = guess_western([plain.encode("cp850")])
        assert guess is not None
        assert guess.codec == "cp850"

    def test_without_bytes_below_a0_latin_1_is_named(self, tmp_path: Path) -> None:
        taken = found(tmp_path, b"text,label\ncaf\xe9 d\xe9j\xe0 vu,pos\nna\xefve \xfcber,neg\n")
        assert (taken.codec, taken.name) == ("cp1252", "latin-1 (windows-1252)")

    def test_the_guess_is_said_with_words_that_it_gives(self, tmp_path: Path) -> None:
        table = open_table(write(tmp_path / "a.csv", "text,label\nit’s a café,pos\n".encode("cp1252")))
        assert [row.values for row in table.rows()] == [("it’s a café", "pos")]
        assert table.description == "CSV, separated by commas, in windows-1252"
        assert table.notes == [
            f"{tmp_path / 'a.csv'} is not UTF-8; read as windows-1252, which gives “it’s”, “café”. "
            "Where that is wrong: sentiment data import --encoding NAME, or predict --output with it"
        ]

    @pytest.mark.parametrize(
        ("text", "codec"),
        [
            ("привет это очень плохой фильм", "cp1251"),
            ("привет это очень плохой фильм", "koi8-r"),
            ("很好看的电影，非常喜欢", "gb18030"),
            ("とても面白い映画でした", "shift_jis"),
            ("πολύ καλή ταινία", "iso8859-7"),
        ],
    )
    def test_other_scripts_are_asked_for_and_not_guessed(self, tmp_path: Path, text: str, codec: str) -> None:
        content = f"text,label\n{text},pos\n".encode(codec)
        with pytest.raises(DataError, match=r"what it is instead cannot be told.*--encoding NAME"):
            found(tmp_path, content)
        table = open_table(tmp_path / "a.csv", encoding=codec)
        assert [row.values for row in table.rows()] == [(text, "pos")]


class TestWanted:
    def test_what_the_user_says_is_not_questioned(self, tmp_path: Path) -> None:
        table = open_table(write(tmp_path / "a.csv", "text,label\né,b\n".encode()), encoding="latin-1")
        assert [row.values for row in table.rows()] == [("Ã©", "b")]
        assert table.description == "CSV, separated by commas, in latin-1"

    def test_a_mark_is_no_text_where_utf8_is_wanted(self, tmp_path: Path) -> None:
        table = open_table(write(tmp_path / "a.csv", "text,label\né,b\n".encode("utf-8-sig")), encoding="UTF8")
        assert table.columns == ("text", "label")

    @pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
    def test_utf16_without_a_mark_is_read_in_the_order_that_its_zeros_tell(self, tmp_path: Path, codec: str) -> None:
        table = open_table(write(tmp_path / "a.csv", "text,label\né,b\n".encode(codec)), encoding="UTF-16")
        assert [row.values for row in table.rows()] == [("é", "b")]

    @pytest.mark.parametrize(
        ("wanted", "content"),
        [("utf-16", "很好看的电影很好,好\n".encode("utf-16-le")), ("utf-32", "a,b\n".encode("utf-32-le"))],
    )
    def test_without_a_mark_the_order_is_asked_for_where_nothing_tells_it(
        self, tmp_path: Path, wanted: str, content: bytes
    ) -> None:
        with pytest.raises(UsageError, match=f"no byte order mark; .* {wanted}-le or {wanted}-be"):
            found(tmp_path, content, wanted)

    def test_bytes_that_are_not_of_it_are_faults(self, tmp_path: Path) -> None:
        table = open_table(write(tmp_path / "a.csv", b"text,label\n\xe9,b\nc,d\n"), encoding="utf-8")
        assert [row.values for row in table.rows()] == [("c", "d")]
        assert table.faults.counts == {"bytes that are not of the encoding": 1}

    @pytest.mark.parametrize("name", ["no-such", "base64", "rot13", "\0", "", "idna", "punycode"])
    def test_what_is_no_encoding_is_a_wrong_usage(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(UsageError, match="There is no encoding"):
            found(tmp_path, b"a,b\n", name)


def test_a_line_without_end_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encodings, "MAX_LINE_BYTES", 100)
    monkeypatch.setattr(encodings, "_CHUNK", 30)
    assert found(tmp_path, (b"x" * 99 + b"\n") * 3).sound
    assert found(tmp_path, (b"x" * 99 + b"\r") * 3).sound
    with pytest.raises(DataError, match="has a line of over 100 bytes"):
        found(tmp_path, b"x" * 99 + b"\n" + b"x" * 150)
