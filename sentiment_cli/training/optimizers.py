"""The optimizers: Keras', with Adam and RMSprop as one pass over the weights instead of about ten.

The results are Keras' for dense gradients. For embeddings they differ on purpose, see `step.build_train_step`: the
gradients of a word that occurs several times in a batch are added up there before anything is squared, as in the
papers.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from sentiment_cli.config.training import Training
from sentiment_cli.training.schedule import learning_rate


def build_optimizer(settings: Training, steps: int) -> Any:
    """The optimizer of the configured name, with Keras' defaults but for the learning rate and SGD's momentum, 0.9.

    Args:
        settings: the ``training`` section.
        steps: of the whole training, for the schedule of the learning rate.
    """
    options: dict[str, Any] = {"learning_rate": learning_rate(settings, steps), "global_clipnorm": settings.clip_norm}
    if settings.optimizer == "sgd":
        options["momentum"] = 0.9
    kinds = {
        "adam": FusedAdam,
        "adamw": keras.optimizers.AdamW,
        "rmsprop": FusedRMSprop,
        "sgd": keras.optimizers.SGD,
        "nadam": keras.optimizers.Nadam,
        "adagrad": keras.optimizers.Adagrad,
    }
    return kinds[settings.optimizer](**options)


class FusedAdam(keras.optimizers.Adam):
    """Adam (Kingma and Ba 2015, arXiv:1412.6980, algorithm 1 in the form at the end of section 2) in one operation."""

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Move one variable by its gradient, dense, of its shape."""
        if self.amsgrad:
            super().update_step(gradient, variable, learning_rate)
            return
        index = self._get_variable_index(variable)
        step = tf.cast(self.iterations + 1, variable.dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=_handle(variable),
            m=_handle(self._momentums[index]),
            v=_handle(self._velocities[index]),
            beta1_power=tf.pow(tf.cast(self.beta_1, variable.dtype), step),
            beta2_power=tf.pow(tf.cast(self.beta_2, variable.dtype), step),
            lr=tf.cast(learning_rate, variable.dtype),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=tf.cast(gradient, variable.dtype),
        )


class FusedRMSprop(keras.optimizers.RMSprop):
    """RMSprop (Hinton 2012, Coursera, lecture 6e; epsilon within the root, as in Keras) in one operation."""

    def build(self, variables: Any) -> None:
        """Make the running mean of squares, and the momentum that the operation asks for."""
        if self.built:
            return
        super().build(variables)
        if not self.momentum:
            self._momentums: Any = self.add_optimizer_variables(variables, "momentum")

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Move one variable by its gradient, dense, of its shape."""
        if self.centered:
            super().update_step(gradient, variable, learning_rate)
            return
        index = self._get_variable_index(variable)
        tf.raw_ops.ResourceApplyRMSProp(
            var=_handle(variable),
            ms=_handle(self._velocities[index]),
            mom=_handle(self._momentums[index]),
            lr=tf.cast(learning_rate, variable.dtype),
            rho=self.rho,
            momentum=self.momentum,
            epsilon=self.epsilon,
            grad=tf.cast(gradient, variable.dtype),
        )


def _handle(variable: Any) -> Any:
    """What TensorFlow's operations take, of a variable of Keras or of TensorFlow."""
    return variable.value.handle if isinstance(variable, keras.Variable) else variable.handle
