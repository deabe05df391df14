"""Settings of the reviews and of how they become token ids."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from sentiment_cli.config.section import Section, Text, wrong

# The keys that speak of tables alone, and that belong to one as `classes` belong to a source. Whether a source is a
# table, the file decides, so that this is looked at where the source is (`importing.kept`).
TABLE_KEYS = ("text_column", "label_column", "id_column", "rating_column", "label_map", "test_source")


class Data(Section):
    """Which reviews are read, and which of them are kept for validation."""

    source: Text = Field(
        "bnb",
        description="`bnb` (bundled), `imdb` (after `sentiment download imdb`), a directory, or a table of reviews "
        "(CSV, TSV, JSON lines, Parquet, Excel).",
    )
    classes: list[Text] | None = Field(
        None,
        json_schema_extra={"minItems": 2, "uniqueItems": True},
        description="Class directories to use, in this order; others are left out and named. "
        "Null: all that are found, sorted by name. The second of two classes is the positive one.",
    )
    validation_fraction: float = Field(
        0.2, ge=0, lt=1, description="Share of the training part kept for validation, stratified by class; 0: none."
    )
    validation_groups: Literal["movie", "auto"] | None = Field(
        None,
        description="`movie`: no movie has reviews on both sides of the split "
        "(needs `urls_<class>.txt` beside the class directories, as in IMDb); `auto`: so where these files are there.",
    )
    encoding_errors: Literal["error", "replace", "skip"] = Field(
        "error", description="What to do with a review that is not UTF-8: stop, put U+FFFD for the bytes, leave it out."
    )
    drop_duplicates: bool = Field(
        False,
        description="Leave out training reviews whose text occurs before in the training part, or in the test part.",
    )
    limit: int | None = Field(None, ge=2, description="Use only this many reviews a class and part, seeded; for a try.")
    unlabelled: Text | None = Field(
        "auto",
        description="More reviews for what learns without labels (`pretrain`, and `training.adversarial` of kind "
        "`virtual`): a directory of .txt files, at any depth; `auto`: `train/unsup` of the data where it is there; "
        "null: none.",
    )
    split_seed: int | None = Field(
        None,
        ge=0,
        lt=2**31,
        description="Of the division into parts and of `limit`, so that runs of several seeds share their parts; "
        "null: `training.seed`.",
    )
    text_column: Text | None = Field(
        None, description="Tables only: the column of the texts; null: found by its name (`text`, `review`, …)."
    )
    label_column: Text | None = Field(
        None, description="Tables only: the column of the classes; null: found by its name (`label`, `rating`, …)."
    )
    id_column: Text | None = Field(
        None, description="Tables only: the column that names the reviews; null: they are numbered by their rows."
    )
    rating_column: Text | None = Field(
        None, description="Tables only: the column of star ratings from 1 to 10, for the analysis of mistakes."
    )
    label_map: dict[Text, Text] | None = Field(
        None,
        json_schema_extra={"minProperties": 2},
        description="Tables only: the class of each value of the column of classes, `{1: negative, 5: positive}`; "
        "rows of other values are left out and counted. Null: each value is a class.",
    )
    test_source: Text | None = Field(
        None, description="Tables only: a table with the same columns that is the test part; null: a part is split off."
    )

    @field_validator("classes")
    @classmethod
    def _classes_are_distinct(cls, classes: list[str] | None) -> list[str] | None:
        if classes is not None and len(classes) < 2:
            raise wrong((), f"expected at least two classes, received {len(classes)}")
        for index, name in enumerate(classes or []):
            if name in (classes or [])[:index]:
                raise wrong((index,), f'the class "{name}" is named twice; every class once')
        return classes

    @field_validator("label_map")
    @classmethod
    def _map_has_two_classes(cls, label_map: dict[str, str] | None) -> dict[str, str] | None:
        if label_map is not None and len(set(label_map.values())) < 2:
            raise wrong((), f"expected values of at least two classes, received {len(set(label_map.values()))}")
        return label_map


class TextSettings(Section):
    """How a review becomes token ids."""

    max_tokens: int = Field(
        10_000, ge=3, le=10_000_000, description="Size of the vocabulary, padding (0) and unknown (1) included."
    )
    sequence_length: int = Field(500, ge=1, le=1_000_000, description="Longest review in tokens; what is over is cut.")
    truncate: Literal["head", "tail", "head_tail"] = Field(
        "tail",
        description="What is kept of a longer review; `head_tail`: a quarter from its start, the rest from its end.",
    )
    split: Literal["whitespace", "character"] = Field("whitespace", description="What a token is, as in Keras.")
    standardize: Literal["lower_and_strip_punctuation", "lower", "strip_punctuation", "none", "reviews"] = Field(
        "lower_and_strip_punctuation",
        description="Cleaning before the split: Keras' rules (ASCII), or `reviews` "
        "(HTML line breaks, case and punctuation by Unicode, curly quotes as straight ones).",
    )
    punctuation: Literal["keep", "drop"] = Field(
        "keep", description="`reviews` only: punctuation marks as tokens of their own, or none."
    )

    @model_validator(mode="after")
    def _parts_need_two_tokens(self) -> TextSettings:
        if self.truncate == "head_tail" and self.sequence_length < 2:
            raise wrong(("sequence_length",), "expected at least 2 with truncate: head_tail, received 1")
        return self
