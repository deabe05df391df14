"""Why did a network not learn? Each cause that its settings and figures speak for, the surest first.

A cause is only named where a number of this very training speaks for it, and the sentence has that number.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from sentiment_cli.diagnosis.case import Case, Finding

# Keras' defaults of the learning rate, which its examples are made with.
_DEFAULT_RATE = {"sgd": 0.01, "adagrad": 0.01}
# Their steps have about the length of the learning rate in each weight, whatever the gradient.
_ADAPTIVE = ("adam", "adamw", "nadam", "rmsprop")
# Far less than a weight has to move: of Glorot's random ones a typical one is 0.1.
_SHORT_WAY = 0.02
_FAR_ABOVE = 10  # times the usual rate
_TOO_CONFIDENT = 1.5  # times the loss of guessing
_NO_GRADIENT = 1e-9
_MUCH_PADDING, _MUCH_CUT, _MUCH_UNKNOWN = 0.2, 0.5, 0.3
_LONG = 100  # tokens
_FEW_STEPS, _ENOUGH_STEPS, _FEW_REVIEWS = 150, 300, 1000
_ONE_CLASS = 0.97
_WRONG_STEPS = ("exploded", "learning rate too high", "learning rate too low", "dead units", "no gradient")
_NO_LEARNING = ("not finite", "at chance", "not learning", "training rises", "both rise")


def find_causes(case: Case) -> list[Finding]:
    """The causes that speak from settings and figures, the surest first; none where nothing went wrong."""
    found: list[Finding | None] = []
    did_not_learn = case.reading.kind in _NO_LEARNING or _failed(case)
    if did_not_learn:
        found += [_exploded(case), _rate_too_high(case), _rate_too_low(case), _no_gradient(case)]
    found += [_reads_padding(case)]
    if did_not_learn:
        found += [_frozen_words(case), _simple_and_long(case)]
    found += [_cut(case), _unknown(case)]
    if did_not_learn or case.reading.kind == "nothing carries over":
        # More steps of a wrong size would not help.
        is_moving = not any(finding.kind in _WRONG_STEPS for finding in found if finding is not None)
        found += [_one_class(case), _few_steps(case) if did_not_learn and is_moving else None]
        known = [finding for finding in found if finding is not None]
        found += [] if known else [_labels(case), _few_reviews(case)]
    return [finding for finding in found if finding is not None]


def _failed(case: Case) -> bool:
    """Whether the training itself was ended by numbers that are not finite."""
    reason = _reason(case)
    return case.record.get("status") == "failed" and ("not finite" in reason or reason.startswith("The loss is"))


def _reason(case: Case) -> str:
    return str(case.record.get("stop_reason") or "")


def _exploded(case: Case) -> Finding | None:
    """The loss or a weight is infinite or not a number."""
    is_known = case.reading.kind == "not finite"
    if not is_known and not _failed(case):
        return None
    what = case.reading.sentence.partition(";")[0] + "." if is_known else _reason(case).partition(";")[0] + "."
    norms, clip = _norm_words(case), case.setting("training.clip_norm")
    rate, usual = case.number("training.learning_rate"), _usual_rate(case)
    evidence = {"stop_reason": _reason(case), "learning_rate": rate, "clip_norm": clip, **_norms(case)}
    if clip is None and (rate is None or rate <= _FAR_ABOVE * usual):
        sentence = f"The numbers exploded: {what}{norms} Gradients are not clipped (training.clip_norm: null)."
        return Finding("exploded", sentence, evidence, case.retrain(training__clip_norm=1))
    if rate is None:
        return None
    sentence = f"The numbers exploded at a learning rate of {rate:g}, where {usual:g} is usual: {what}{norms}"
    return Finding("exploded", sentence, evidence, case.retrain(training__learning_rate=_lower(case, rate)))


def _rate_too_high(case: Case) -> Finding | None:
    """A loss above that of guessing takes weights that are wrong and sure of it."""
    rate, guessing, loss = case.number("training.learning_rate"), case.ignorance, _worst_loss(case)
    if rate is None or guessing is None or loss is None or loss < _TOO_CONFIDENT * guessing:
        return None
    lower = _lower(case, rate)
    evidence = {"learning_rate": rate, "loss": loss, "loss_of_guessing": guessing, **_norms(case)}
    sentence = (
        f"The learning rate of {rate:g} is too high: the training loss went up to {loss:.3g}, where finding all "
        f"classes equally probable costs {guessing:.3f}.{_norm_words(case)}"
    )
    return Finding("learning rate too high", sentence, evidence, case.retrain(training__learning_rate=lower))


def _worst_loss(case: Case) -> float | None:
    """The highest mean loss of an epoch, the steps so far of an unfinished one included."""
    losses = [row.loss for row in case.history if math.isfinite(row.loss)]
    batches = case.batches
    if batches is not None and len(batches) and int(batches.epoch[-1]) > len(case.history):
        unfinished = batches.epoch > len(case.history)
        losses.append(float(np.average(batches.loss[unfinished], weights=batches.steps[unfinished])))
    return max(losses, default=None)


def _rate_too_low(case: Case) -> Finding | None:
    """The loss stays that of guessing, and the steps were too short to get anywhere."""
    rate, guessing, steps = case.number("training.learning_rate"), case.ignorance, case.steps
    if rate is None or guessing is None or steps is None or not case.history.rows:
        return None
    last, name = case.history.rows[-1].loss, str(case.setting("training.optimizer"))
    usual = _usual_rate(case)
    near = abs(last - guessing) < 0.05 * guessing
    too_short = rate * steps < _SHORT_WAY if name in _ADAPTIVE else rate <= usual / 100
    if not near or not too_short or rate >= usual:
        return None
    way = f": in {steps:,} steps no weight can move by much more than {rate * steps:.2g}" if name in _ADAPTIVE else ""
    sentence = (
        f"The learning rate of {rate:g} is too low{way}; the training loss is still {last:.3f}, and finding all "
        f"classes equally probable costs {guessing:.3f}."
    )
    evidence = {"learning_rate": rate, "steps": steps, "loss": last, "loss_of_guessing": guessing, **_norms(case)}
    return Finding("learning rate too low", sentence, evidence, case.retrain(training__learning_rate=usual))


def _no_gradient(case: Case) -> Finding | None:
    """No gradient comes through, as through relus that are all zero."""
    batches = case.batches
    if batches is None or len(batches) < 3 or float(batches.gradient_norm[-3:].max()) > _NO_GRADIENT:
        return None
    first, last = float(batches.gradient_norm[0]), float(batches.gradient_norm[-1])
    evidence = {"gradient_norm": last, "first_gradient_norm": first}
    for place in ("model.recurrent", "model.dense"):
        for number, layer in enumerate(case.listed(place)):
            activation = layer.get("activation") if isinstance(layer, Mapping) else None
            if activation in ("relu", "relu6"):
                key = f"{place}.{number}.activation"
                sentence = (
                    f"No gradient reaches the weights any more (norm {last:.2g} after {first:.2g} in the first step), "
                    f"as where {activation} units are all zero ({key})."
                )
                other = "tanh" if place == "model.recurrent" else "elu"
                return Finding("dead units", sentence, {**evidence, key: activation}, case.retrain(**{key: other}))
    sentence = f"No gradient reaches the weights any more (norm {last:.2g} after {first:.2g} in the first step)."
    rate = case.number("training.learning_rate")
    lower = case.retrain(training__learning_rate=_lower(case, rate)) if rate else None
    return Finding("no gradient", sentence, evidence, lower)


def _reads_padding(case: Case) -> Finding | None:
    """Without a mask the network reads the padding behind a short review, and forgets the review over it."""
    length = case.number("text.sequence_length")
    if case.setting("model.embedding.mask") is not False or case.texts is None or not length:
        return None
    share = case.texts.padding_share(int(length))
    if share < _MUCH_PADDING:
        return None
    last = "last" in case.listed("model.pooling")
    end = ", and its answer is the state behind that (model.pooling: last)" if last else ""
    sentence = (
        f"{share:.0%} of what the network reads is padding: model.embedding.mask is false, and reviews of "
        f"{case.texts.kept.mean():.0f} words on average are padded to {length:.0f}{end}."
    )
    evidence = {"model.embedding.mask": False, "padding": share, "text.sequence_length": length}
    return Finding("reads padding", sentence, evidence, case.retrain(model__embedding__mask="true"))


def _frozen_words(case: Case) -> Finding | None:
    if case.setting("model.embedding.trainable") is not False or case.setting("pretrain") is not None:
        return None
    sentence = (
        "The word vectors are random and stay so: model.embedding.trainable is false, and nothing is learned before "
        "(pretrain: null)."
    )
    evidence = {"model.embedding.trainable": False, "pretrain": None}
    return Finding("frozen word vectors", sentence, evidence, case.retrain(model__embedding__trainable="true"))


def _simple_and_long(case: Case) -> Finding | None:
    """The gradient of a simple cell vanishes over many steps (Bengio et al. 1994, doi:10.1109/72.279181)."""
    cells = {layer.get("cell") for layer in case.listed("model.recurrent") if isinstance(layer, Mapping)}
    if cells != {"simple_rnn"} or case.listed("model.pooling") != ["last"] or case.texts is None:
        return None
    words = float(case.texts.kept.mean())
    if words < _LONG:
        return None
    sentence = (
        f"A simple_rnn has to carry what it read over {words:.0f} words on average, as its answer is the last state "
        "(model.pooling: last); its gradient vanishes over so many steps."
    )
    evidence = {"model.recurrent.0.cell": "simple_rnn", "words": words, "model.pooling": "last"}
    changes = {f"model.recurrent.{number}.cell": "gru" for number in range(len(case.listed("model.recurrent")))}
    return Finding("vanishing gradient", sentence, evidence, case.retrain(**changes))


def _cut(case: Case) -> Finding | None:
    texts, length = case.texts, case.number("text.sequence_length")
    if texts is None or not length or texts.cut_share < _MUCH_CUT:
        return None
    longer = _round_up(float(np.quantile(texts.tokens, 0.9)))
    if longer <= length:  # most of the words are those of a few very long reviews
        return None
    sentence = (
        f"{texts.cut_share:.0%} of the words of the {texts.split} part are never read: text.sequence_length is "
        f"{length:.0f}, and nine reviews of ten have up to {longer:,} words."
    )
    evidence = {"text.sequence_length": length, "cut": texts.cut_share, "part": texts.split}
    return Finding("cut reviews", sentence, evidence, case.retrain(text__sequence_length=longer))


def _unknown(case: Case) -> Finding | None:
    texts, size = case.texts, case.number("text.max_tokens")
    if texts is None or not size or texts.unknown_share < _MUCH_UNKNOWN:
        return None
    share = f"{texts.unknown_share:.0%} of the words that the network reads in the {texts.split} part are unknown to it"
    evidence = {"text.max_tokens": size, "unknown": texts.unknown_share, "part": texts.split}
    known = case.vocabulary
    if known is not None and known < size:
        sentence = (
            f"{share}, though it knows every word of the texts that its vocabulary is from ({known:,}; "
            f"text.max_tokens: {size:,.0f}): more of these would help."
        )
        return Finding("unknown words", sentence, {**evidence, "vocabulary": known})
    sentence = f"{share} (text.max_tokens: {size:,.0f})."
    return Finding("unknown words", sentence, evidence, case.retrain(text__max_tokens=int(4 * size)))


def _one_class(case: Case) -> Finding | None:
    """The network takes the most frequent class for everything."""
    matrix, names = case.validation.get("confusion_matrix"), case.validation.get("class_names")
    chance = case.chance_accuracy
    if not matrix or not names or chance is None or case.setting("training.class_weight") is not None:
        return None
    predicted = np.asarray(matrix).sum(axis=0)
    share, common = float(predicted.max() / max(predicted.sum(), 1)), names[int(predicted.argmax())]
    if share < _ONE_CLASS or chance < 1.3 / len(names):
        return None
    sentence = (
        f"{share:.0%} of the validation reviews are taken for {common}, which {chance:.0%} of them are: the classes "
        "are unbalanced, and training.class_weight is null."
    )
    evidence = {"predicted": share, "class": common, "majority": chance, "training.class_weight": None}
    return Finding("unbalanced classes", sentence, evidence, case.retrain(training__class_weight="balanced"))


def _few_steps(case: Case) -> Finding | None:
    steps, epochs = case.steps, len(case.history)
    if steps is None or not epochs or steps >= _FEW_STEPS or case.record.get("status") == "failed":
        return None
    further = max(epochs + 1, math.ceil(_ENOUGH_STEPS * epochs / steps))
    more = further * steps // epochs
    sentence = f"{steps} steps are few for a network that begins at random; {further} epochs would be {more:,}."
    return Finding("few steps", sentence, {"steps": steps, "epochs": epochs}, case.go_on(further))


def _labels(case: Case) -> Finding | None:
    """Where nothing else speaks, the labels may not belong to the texts: a linear model tells within seconds."""
    kind, steps = case.reading.kind, case.steps or 0
    if kind not in ("at chance", "not learning", "nothing carries over") or steps < _FEW_STEPS:
        return None
    last = case.history.rows[-1]
    if kind == "nothing carries over":
        seen = f"what the training reviews teach (accuracy {last.accuracy:.3f}) holds for no others"
    else:
        seen = f"after {steps:,} steps not even the training reviews are told apart (accuracy {last.accuracy:.3f})"
    sentence = (
        f"The labels may not belong to the texts: {seen}, and no setting speaks for another cause. If a linear "
        "model is at chance too, look into the files."
    )
    evidence = {"training_accuracy": last.accuracy, "validation_accuracy": last.val_accuracy, "steps": steps}
    return Finding("labels as if shuffled", sentence, evidence, case.baseline())


def _few_reviews(case: Case) -> Finding | None:
    reviews = case.reviews("train")
    if reviews is None or reviews >= _FEW_REVIEWS or case.reading.kind not in ("at chance", "nothing carries over"):
        return None
    sentence = f"Or {reviews:,} training reviews are too few: word vectors begin at random."
    return Finding("few reviews", sentence, {"reviews": reviews})


def _usual_rate(case: Case) -> float:
    return _DEFAULT_RATE.get(str(case.setting("training.optimizer")), 1e-3)


def _lower(case: Case, rate: float) -> float:
    """A tenth, or Keras' default where that is lower still."""
    return float(f"{min(rate / 10, _usual_rate(case)):.1g}")


def _norms(case: Case) -> dict[str, float]:
    batches = case.batches
    if batches is None or not len(batches):
        return {}
    norms = batches.gradient_norm
    return {"first_gradient_norm": float(norms[0]), "largest_gradient_norm": float(norms.max())}


def _norm_words(case: Case) -> str:
    norms = _norms(case)
    if not norms or norms["largest_gradient_norm"] < 3 * norms["first_gradient_norm"]:
        return ""
    first, largest = norms["first_gradient_norm"], norms["largest_gradient_norm"]
    return f" The norm of the gradient rose from {first:.3g} in the first step to {largest:.3g}."


def _round_up(number: float) -> int:
    """To two significant digits."""
    step = 10 ** max(math.floor(math.log10(max(number, 1))) - 1, 0)
    return int(math.ceil(number / step) * step)
