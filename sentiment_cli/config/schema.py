"""Every setting of a training: its type, default, range and meaning.

The reference of the keys (docs/configuration.md) and the messages about wrong values come from here. Names
and defaults follow Keras where Keras has them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

Activation = Literal[
    "tanh", "sigmoid", "relu", "linear", "elu", "selu", "gelu", "silu", "softplus", "softsign", "hard_sigmoid",
    "hard_tanh", "leaky_relu", "relu6", "mish", "exponential",
]  # fmt: skip
Rate = Annotated[float, Field(ge=0, lt=1)]
Text = Annotated[str, Field(min_length=1)]


class Section(BaseModel):
    """A group of settings: unknown keys are errors, types are exact, values cannot change later."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Data(Section):
    """Which reviews are read, and which of them are kept for validation."""

    source: Text = Field(
        "bnb", description="`bnb` (bundled), `imdb` (after `sentiment download imdb`), or a directory."
    )
    classes: list[Text] | None = Field(
        None,
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
        description="More reviews for what learns without labels (`pretrain`): a directory of .txt files, at any "
        "depth; `auto`: `train/unsup` of the data where it is there; null: none.",
    )
    split_seed: int | None = Field(
        None,
        ge=0,
        lt=2**31,
        description="Of the division into parts and of `limit`, so that runs of several seeds share their parts; "
        "null: `training.seed`.",
    )

    @field_validator("classes")
    @classmethod
    def _classes_are_distinct(cls, classes: list[str] | None) -> list[str] | None:
        if classes is not None and len(classes) < 2:
            raise _wrong((), f"expected at least two classes, received {len(classes)}")
        for index, name in enumerate(classes or []):
            if name in (classes or [])[:index]:
                raise _wrong((index,), f'the class "{name}" is named twice; every class once')
        return classes


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
            raise _wrong(("sequence_length",), "expected at least 2 with truncate: head_tail, received 1")
        return self


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
            raise _wrong(("recurrent_activation",), "a simple_rnn has no gates; remove this key or choose gru or lstm")
        return self


class Dense(Section):
    """One dense layer between pooling and output."""

    units: int = Field(ge=1, le=100_000, description="Outputs of the layer.")
    activation: Activation = Field("relu", description="Its activation.")
    dropout: Rate = Field(0.0, description="After the layer.")


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Pooling = Literal["last", "max", "mean", "attention"]


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
            raise _wrong((), f"expected each kind once, received {', '.join(pooling)}")
        return pooling

    @model_validator(mode="after")
    def _windows_are_pooled(self) -> Model:
        if self.window is not None and "last" in self.pooling:
            raise _wrong(("window",), "the last state is that of one window alone; expected other pooling")
        if self.window is not None and not self.embedding.mask:
            raise _wrong(("window",), "windows need embedding.mask: true, for the last one of a review is padded")
        return self


class WordVectors(Section):
    """Word vectors for the beginning, from reviews without their labels or from a file; by default null: random ones.

    Word2vec: Mikolov et al. 2013, arXiv:1301.3781 (the two algorithms) and arXiv:1310.4546 (negative samples, leaving
    out frequent words). GloVe: Pennington et al. 2014, https://aclanthology.org/D14-1162/.
    """

    kind: Literal["word_vectors"] = Field(description="What is learned.")
    algorithm: Literal["cbow", "skip_gram"] = Field(
        "cbow",
        description="Predict a word from those around it, or those around it from the word (arXiv:1301.3781, "
        "section 3); `skip_gram` takes several times as long.",
    )
    passes: Literal["auto"] | Annotated[int, Field(ge=1, le=1000)] = Field(
        "auto",
        description="Over the texts; `auto`: 2, and over few texts more, up to 1,000, until five million tokens were "
        "read. After fewer the vectors still point all in one direction.",
    )
    window: int = Field(
        5, ge=1, le=1000, description="Words to either side that count as around; for each word drawn from 1 to this."
    )
    negative: int = Field(
        5, ge=1, le=100, description="Words drawn at random beside each true one (arXiv:1310.4546, section 2.2)."
    )
    subsample: float = Field(
        1e-3,
        ge=0,
        lt=1,
        description="Words with more than this share of the text are left out at times (arXiv:1310.4546, section 2.3); "
        "0: never.",
    )
    scale: Literal["auto"] | Annotated[float, Field(gt=0)] | None = Field(
        "auto",
        description="Standard deviation that the numbers of the table are brought to; `auto`: 0.3, and less after "
        "fewer than five million tokens, by the square root of their number, down to 0.03; null: they stay as found.",
    )
    file: Text | None = Field(
        None,
        description="Read the vectors from this file instead, in the text format of GloVe or word2vec, also as .gz; "
        "of the settings only `scale` and `seed` count then.",
    )
    seed: int = Field(1, ge=0, lt=2**31, description="Its own, so that trainings with several seeds share one result.")


class LanguageModel(Section):
    """A language model for the beginning, from reviews without labels: word vectors and the first recurrent layer.

    It predicts each next word, and with a bidirectional layer backwards each one before (Dai and Le 2015,
    arXiv:1511.01432; Peters et al. 2018, N18-1202), with the softmax over a sample of words (Jean et al. 2015,
    arXiv:1412.2007).
    """

    kind: Literal["language_model"] = Field(description="What is learned.")
    passes: int = Field(
        6,
        ge=1,
        le=1000,
        description="Over the texts, at the most; it ends when the perplexity of held-out texts rises.",
    )
    min_steps: int = Field(
        2000, ge=0, le=1_000_000_000, description="Few texts get more passes, until there would be so many steps."
    )
    length: int = Field(
        400, ge=2, le=100_000, description="Tokens that are read in one go; longer texts are cut evenly."
    )
    batch_size: int = Field(48, ge=1, le=1_000_000, description="Pieces of texts in a step.")
    samples: int = Field(512, ge=1, le=1_000_000, description="Words that each prediction is compared with.")
    learning_rate: float = Field(2e-3, gt=0, description="Of Adam at its highest; it rises and falls by a cosine.")
    seed: int = Field(1, ge=0, lt=2**31, description="Its own, so that trainings with several seeds share one result.")


Pretraining = WordVectors | LanguageModel


class EarlyStopping(Section):
    """When to stop before the last epoch."""

    monitor: Literal["val_loss", "val_accuracy"] = Field("val_loss", description="What has to improve.")
    patience: int = Field(3, ge=1, description="Epochs without improvement after which the training stops.")
    min_delta: float = Field(0.0, ge=0, description="A smaller change is no improvement.")


class Schedule(Section):
    """How the learning rate changes from step to step."""

    warmup: Rate = Field(
        0.0, description="Share of all steps in which it rises from 0 (Goyal et al. 2017, arXiv:1706.02677)."
    )
    decay: Literal["cosine", "linear", "none"] = Field(
        "cosine", description="How it falls to 0 after that (cosine: Loshchilov and Hutter 2017, arXiv:1608.03983)."
    )


class Adversarial(Section):
    """Training against the small change of the word vectors that does the most harm."""

    kind: Literal["table", "labelled", "virtual"] = Field(
        "table",
        description="`table`: a change of each word's vector that raises the loss of the batch most, the same wherever "
        "the word occurs (Foret et al. 2021, arXiv:2010.01412, for the word vectors alone). `labelled`: a change of "
        "each single word that raises the loss of its review most. `virtual`: one that moves the prediction most, "
        "which needs no label, on training and unlabelled reviews (both Miyato et al. 2017, arXiv:1605.07725, part 3).",
    )
    norm: float = Field(
        5.0,
        gt=0,
        description="Length of the change over a whole review, in units of the size of the word vectors' numbers.",
    )
    weight: float = Field(1.0, gt=0, description="Of its loss beside the usual one, which has 1.")


class Training(Section):
    """How the weights are found."""

    epochs: int = Field(10, ge=1, le=1_000_000, description="Passes over the training part.")
    min_steps: int = Field(
        0, ge=0, le=1_000_000_000, description="Few reviews get more epochs, until there are so many steps."
    )
    batch_size: int = Field(32, ge=1, le=1_000_000, description="Reviews in a step.")
    optimizer: Literal["adam", "adamw", "rmsprop", "sgd", "nadam", "adagrad"] = Field(
        "adam", description="Keras' optimizer of that name; `sgd` with momentum 0.9."
    )
    learning_rate: float = Field(1e-3, gt=0, description="Of the optimizer.")
    schedule: Schedule | None = Field(None, description="Null: the same learning rate throughout.")
    clip_norm: float | None = Field(
        None, gt=0, description="Longest gradient over all weights together; a longer one is scaled down."
    )
    label_smoothing: Rate = Field(
        0.0,
        description="Share of a label that is spread over all classes in the loss (Szegedy et al. 2016, "
        "arXiv:1512.00567, section 7).",
    )
    adversarial: Adversarial | None = Field(None, description="Null: none. It costs as much as the training itself.")
    average: Rate | None = Field(
        None,
        description="Validate and keep an exponential average of the weights over the steps, which holds on to this "
        "share of itself at each, less at the start (Polyak and Juditsky 1992; as in TensorFlow). Null: the weights.",
    )
    early_stopping: EarlyStopping | None = Field(None, description="Null: all epochs; the best one is kept either way.")
    monitor: Literal["val_loss", "val_accuracy"] | None = Field(
        None, description="What decides which epoch is the best; null: `early_stopping.monitor`, or else `val_loss`."
    )
    refit: bool = Field(
        False,
        description="After the number of epochs was chosen on validation, train anew on train and validation together "
        "for so many epochs, and keep that network.",
    )
    class_weight: Literal["balanced"] | dict[str, Annotated[float, Field(gt=0)]] | None = Field(
        None, description="`balanced`: rare classes count more; or a weight for each class name."
    )
    seed: int = Field(1, ge=0, lt=2**31, description="Of everything random: split, weights, order, dropout.")
    device: Annotated[str, Field(pattern=r"^(auto|cpu|gpu(:\d+)?)$")] = Field(
        "auto", description="`auto` (a GPU if there is one), `cpu`, `gpu`, `gpu:N`."
    )
    jit_compile: Literal["auto"] | bool = Field(
        "auto",
        description="Compile the training step of Keras' layers with XLA; `auto`: on a CPU, for settings that our "
        "compiled loops do not know, where enough steps repay it. False: never.",
    )
    evaluate_test: bool = Field(True, description="Read the test part once, at the end. False: not at all.")


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
            raise _wrong(
                ("training", "early_stopping"),
                "early stopping needs a validation part; set data.validation_fraction above 0, or this to null",
            )
        if self.training.refit and self.data.validation_fraction == 0:
            raise _wrong(
                ("training", "refit"),
                "without a validation part there is nothing to choose the number of epochs by; "
                "set data.validation_fraction above 0, or this to false",
            )
        self._check_window()
        adversarial = self.training.adversarial
        if adversarial is not None and adversarial.kind == "table" and not self.model.embedding.trainable:
            what = "adversarial.kind: table trains the word vectors; expected true, or another kind"
            raise _wrong(("model", "embedding", "trainable"), what)
        weights, classes = self.training.class_weight, self.data.classes
        if isinstance(weights, dict) and classes is not None and set(weights) != set(classes):
            raise _wrong(
                ("training", "class_weight"),
                f"expected one weight for each of {', '.join(classes)}, received {', '.join(weights)}",
            )
        return self

    def _check_window(self) -> None:
        window, longest = self.model.window, self.text.sequence_length
        if window is not None and window > longest:
            what = f"expected at most text.sequence_length, {longest}, received {window}"
            raise _wrong(("model", "window"), what)
        if window is not None and self.training.jit_compile is True:
            raise _wrong(("training", "jit_compile"), "XLA cannot compile model.window; expected auto or false")
        adversarial = self.training.adversarial
        if adversarial is not None and adversarial.kind != "labelled" and self.training.jit_compile is True:
            what = f"XLA cannot compile adversarial.kind: {adversarial.kind}; expected auto or false"
            raise _wrong(("training", "jit_compile"), what)

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


def _wrong(path: tuple[str | int, ...], what: str) -> PydanticCustomError:
    """An error at ``path`` below the section or setting that is being checked."""
    return PydanticCustomError("sentiment", "{what}", {"what": what, "path": path})
