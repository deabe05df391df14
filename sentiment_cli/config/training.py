"""Settings of how the weights are found."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sentiment_cli.config.section import Rate, Section


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
        description="Length of the change, in units of the size of the word vectors' numbers: over a review; with "
        "`table` over the words of a batch, times the root of the number of its reviews.",
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
    adversarial: Adversarial | None = Field(
        None, description="Null: none. It costs as much as the training itself, `virtual` more."
    )
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
    checkpoint_seconds: float = Field(
        60.0, gt=0, description="Longest work that a kill can cost; it is also saved after each epoch and at a stop."
    )
    seed: int = Field(1, ge=0, lt=2**31, description="Of everything random: split, weights, order, dropout.")
    device: Annotated[str, Field(pattern=r"^(auto|cpu|gpu(:\d+)?)$")] = Field(
        "auto", description="`auto` (a GPU if there is one), `cpu`, `gpu`, `gpu:N`."
    )
    strategy: Literal["auto", "mirrored", "multi_worker"] = Field(
        "auto",
        description="Who shares each batch. `auto`: the workers that the environment variable TF_CONFIG names, where "
        "it is set, else one device. `mirrored`: all GPUs of this machine. `multi_worker`: the workers of TF_CONFIG; "
        "without any it is an error. The result is that of one, to rounding.",
    )
    jit_compile: Literal["auto"] | bool = Field(
        "auto",
        description="Compile the training step of Keras' layers with XLA; `auto`: on a CPU, for settings that our "
        "compiled loops do not know, where enough steps repay it. False: never.",
    )
    tensorboard: bool = Field(
        False, description="Write loss, accuracy and learning rate of each epoch to `tensorboard/` in the run, too."
    )
    evaluate_test: bool = Field(
        True,
        description="Read the test part once, at the end. False: not at all, but for finding copies of its reviews, "
        "which are left out of unlabelled reviews, and with `data.drop_duplicates` of the training part.",
    )
