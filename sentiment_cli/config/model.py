"""Settings of the network."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from sentiment_cli.config.section import Rate, Section, wrong

Activation = Literal[
    "tanh", "sigmoid", "relu", "linear", "elu", "selu", "gelu", "silu", "softplus", "softsign", "hard_sigmoid",
    "hard_tanh", "leaky_relu", "relu6", "mish", "exponential",
]  # fmt: skip


class Embedding(Section):
    """The table of word vectors."""

    dim: int = Field(32, ge=1, le=10_000, description="Numbers in a word vector.")
    dropout: Rate = Field(0.0, description="Share of the embedded values set to zero in training.")
    word_dropout: Rate = Field(
        0.0,
        description="Share of a review's words replaced by the unknown word in training (Iyyer et al. 2015, P15-1162).",
    )
    mask: bool = Field(
        True, description="Padding is skipped. False repeats what unmasked tutorials do: the network reads the padding."
    )
    trainable: bool = Field(True, description="False: the vectors stay as they were at the start, see `pretrain`.")


class Recurrent(Section):
    """One recurrent layer."""

    cell: Literal["simple_rnn", "gru", "lstm"] = Field("lstm", description="Kind of recurrent cell.")
    units: int = Field(32, ge=1, le=100_000, description="Size of the state, for each direction.")
    bidirectional: bool = Field(False, description="Read forwards and backwards; the outputs are concatenated.")
    dropout: Rate = Field(0.0, description="On the cell's input, as in Keras.")
    recurrent_dropout: Rate = Field(0.0, description="On the state between steps, as in Keras; turns cuDNN off.")
    activation: Activation = Field("tanh", description="Other than `tanh` turns cuDNN off.")
    recurrent_activation: Activation | None = Field(
        None, description="Of the gates (`gru`, `lstm`); null: `sigmoid`. Others turn cuDNN off."
    )

    @model_validator(mode="after")
    def _gates_have_activations(self) -> Recurrent:
        if self.cell == "simple_rnn" and self.recurrent_activation is not None:
            raise wrong(("recurrent_activation",), "a simple_rnn has no gates; remove this key or choose gru or lstm")
        return self


class Dense(Section):
    """One dense layer between pooling and output."""

    units: int = Field(ge=1, le=100_000, description="Outputs of the layer.")
    activation: Activation = Field("relu", description="Its activation.")
    dropout: Rate = Field(0.0, description="After the layer.")


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Pooling = Literal["last", "max", "mean", "attention"]


def _or_one(schema: dict[str, Any]) -> None:
    """Say in the JSON schema that one kind may stand without the list."""
    several = {key: schema.pop(key) for key in ("type", "items", "minItems", "maxItems")}
    schema["anyOf"] = [several["items"], {**several, "uniqueItems": True}]


def _last() -> list[Pooling]:
    return ["last"]


class Model(Section):
    """The network: embedding, recurrent layers, pooling over time, dense layers; the output layer is implied."""

    embedding: Embedding = Field(default_factory=Embedding, description="The table of word vectors.")
    recurrent: list[Recurrent] = Field(
        default_factory=lambda: [Recurrent()],
        min_length=1,
        max_length=20,
        description="Recurrent layers, first to last.",
    )
    pooling: Annotated[list[Pooling], BeforeValidator(_listed)] = Field(
        default_factory=_last,
        min_length=1,
        max_length=4,
        json_schema_extra=_or_one,
        description="How the outputs over time become one vector: the last state, maximum, mean, attention "
        "(a learned weight for each step; Yang et al. 2016, N16-1174), or several of them.",
    )
    window: int | None = Field(
        None,
        ge=1,
        le=1_000_000,
        description="Cut each review into windows of so many tokens, which are read side by side from fresh states, "
        "and pool over all of them (Johnson and Zhang 2016, arXiv:1602.02373). Fewer steps one after the other, for "
        "GPUs and Keras' own loop.",
    )
    dropout: Rate = Field(0.0, description="After pooling.")
    dense: list[Dense] = Field(default_factory=list, max_length=20, description="Dense layers before the output.")

    @field_validator("pooling")
    @classmethod
    def _poolings_are_distinct(cls, pooling: list[Pooling]) -> list[Pooling]:
        if len(set(pooling)) < len(pooling):
            raise wrong((), f"expected each kind once, received {', '.join(pooling)}")
        return pooling

    @model_validator(mode="after")
    def _windows_are_pooled(self) -> Model:
        if self.window is not None and "last" in self.pooling:
            raise wrong(("window",), "the last state is that of one window alone; expected other pooling")
        if self.window is not None and not self.embedding.mask:
            raise wrong(("window",), "windows need embedding.mask: true, for the last one of a review is padded")
        return self
