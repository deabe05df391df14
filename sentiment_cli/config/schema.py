"""Every setting of a training: its type, default, range and meaning.

The reference of the keys (docs/configuration.md) and the messages about wrong values come from here. Names
and defaults follow Keras where Keras has them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from sentiment_cli.config.data import Data, TextSettings
from sentiment_cli.config.model import Model
from sentiment_cli.config.pretraining import Pretraining, WordVectors
from sentiment_cli.config.section import Section, wrong
from sentiment_cli.config.training import Training


class Config(Section):
    """A whole configuration."""

    data: Data = Field(default_factory=Data, description=Data.__doc__)
    text: TextSettings = Field(default_factory=TextSettings, description=TextSettings.__doc__)
    model: Model = Field(default_factory=Model, description=Model.__doc__)
    pretrain: Annotated[Pretraining, Field(discriminator="kind")] | None = Field(
        None, description="What is learned from texts without labels before the training; null: nothing."
    )
    training: Training = Field(default_factory=Training, description=Training.__doc__)

    @model_validator(mode="before")
    @classmethod
    def _empty_sections_are_defaults(cls, values: Any) -> Any:
        """A section whose keys are all commented out is read as null."""
        return (
            {key: value for key, value in values.items() if value is not None} if isinstance(values, dict) else values
        )

    @model_validator(mode="after")
    def _fits_together(self) -> Config:
        if self.training.early_stopping and self.data.validation_fraction == 0:
            raise wrong(
                ("training", "early_stopping"),
                "early stopping needs a validation part; set data.validation_fraction above 0, or this to null",
            )
        if self.training.refit and self.data.validation_fraction == 0:
            raise wrong(
                ("training", "refit"),
                "without a validation part there is nothing to choose the number of epochs by; "
                "set data.validation_fraction above 0, or this to false",
            )
        self._check_window()
        adversarial = self.training.adversarial
        if adversarial is not None and adversarial.kind == "table" and not self.model.embedding.trainable:
            what = "adversarial.kind: table trains the word vectors; expected true, or another kind"
            raise wrong(("model", "embedding", "trainable"), what)
        weights, classes = self.training.class_weight, self.data.classes
        if isinstance(weights, dict) and classes is not None and set(weights) != set(classes):
            raise wrong(
                ("training", "class_weight"),
                f"expected one weight for each of {', '.join(classes)}, received {', '.join(weights)}",
            )
        return self

    def _check_window(self) -> None:
        window, longest = self.model.window, self.text.sequence_length
        if window is not None and window > longest:
            what = f"expected at most text.sequence_length, {longest}, received {window}"
            raise wrong(("model", "window"), what)
        if window is not None and self.training.jit_compile is True:
            raise wrong(("training", "jit_compile"), "XLA cannot compile model.window; expected auto or false")
        adversarial = self.training.adversarial
        if adversarial is not None and adversarial.kind != "labelled" and self.training.jit_compile is True:
            what = f"XLA cannot compile adversarial.kind: {adversarial.kind}; expected auto or false"
            raise wrong(("training", "jit_compile"), what)

    @property
    def reads_unlabelled(self) -> bool:
        """Whether something is learned from texts without labels."""
        adversarial = self.training.adversarial
        is_virtual = adversarial is not None and adversarial.kind == "virtual"
        return is_virtual or (self.pretrain is not None and self.vectors_file is None)

    @property
    def vectors_file(self) -> str | None:
        """The file that word vectors are read from."""
        return self.pretrain.file if isinstance(self.pretrain, WordVectors) else None

    @property
    def split_seed(self) -> int:
        """The seed of everything about which review is in which part."""
        return self.training.seed if self.data.split_seed is None else self.data.split_seed

    @property
    def monitor(self) -> Literal["val_loss", "val_accuracy"]:
        """What decides which epoch is the best one, where there is a validation part."""
        stopping = self.training.early_stopping
        return self.training.monitor or (stopping.monitor if stopping else "val_loss")
