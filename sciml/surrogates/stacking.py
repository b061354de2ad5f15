"""Gaussian processes beside an ensemble, weighed by how well each predicts what it was not shown.

Members of an ensemble are judged by their own folds, processes by designs left out. A process learns an
output in the form that predicts best:

- `plain`: the z that the networks learn;
- `fold`, `pole`: the signed number whose magnitude, or whose inverse's, the output is (see
  :mod:`sciml.surrogates.folds`), for a gain that has a pole among the designs or an offset that passes zero;
- a plain one may see the side on which another output's signed number lies, too: a phase jumps there;
- `ratio`: the logarithm of its ratio to an output that is a signed number, where both have the pole.

Source: Wolpert, Neural Networks 5:241 (1992), for the weights by what is left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from sciml.surrogates.folds import fold_signs, signed_process
from sciml.surrogates.process import Process, fit_process
from sciml.surrogates.transforms import Array, OutputTransform

Form = Literal["plain", "fold", "pole", "ratio"]
MOST_DESIGNS = 400
"""Processes take time by the cube of the designs."""
_LARGEST_ERROR = 1.0  # of z: what is farther off counts no more
_GOOD_ENOUGH = 0.03  # error of z at which no other form is tried
_BETTER = 0.8  # share of the plain form's error that another form has to reach
_LEAST_WEIGHT = 0.1


@dataclass(frozen=True)
class StackedOutput:
    """How a process helps with one output.

    Attributes:
        process: of z, of the signed number over `size`, or of the logarithm of the ratio.
        form: what it learns.
        weight: of its answer, the members' mean has the rest.
        shrink: what the members' deviations are multiplied with.
        error: root mean square error of the process on designs left out, in its own number.
        size: mean magnitude of the signed number.
        is_decibel: the output is 20 log10 of the magnitude.
        side: output whose signed number's sign is the last feature, or to which the ratio is; None for none.
    """

    process: Process
    form: Form = "plain"
    weight: float = 1.0
    shrink: float = 1.0
    error: float = 0.0
    size: float = 1.0
    is_decibel: bool = False
    side: int | None = None

    @property
    def is_signed(self) -> bool:
        """Whether it has a signed number of its own."""
        return self.form in ("fold", "pole")

    def outputs(self, signed: Array) -> Array:
        """Natural values of the signed number."""
        magnitude = np.maximum(np.abs(signed) * self.size, np.finfo(np.float64).tiny)
        return self.from_magnitude(1 / magnitude if self.form == "pole" else magnitude)

    def from_magnitude(self, magnitude: Array) -> Array:
        """Natural values of a magnitude."""
        return 20 * np.log10(magnitude) if self.is_decibel else magnitude

    def magnitude(self, values: Array) -> Array:
        """The magnitude of natural values."""
        return np.asarray(10 ** (values / 20)) if self.is_decibel else values


class Stack:
    """The processes of an ensemble's outputs.

    Args:
        outputs: for each output its process, None where the members do as well alone.
        transform: of the outputs.
    """

    def __init__(self, outputs: Sequence[StackedOutput | None], transform: OutputTransform) -> None:
        self.outputs, self.transform = tuple(outputs), transform

    def apply(self, features: Array, location: Array, deviation: Array) -> tuple[Array, Array]:
        """Members with the processes taken in.

        The centre moves to the weighed mean; members keep their spread about it, shrunk to the error that the
        weighed mean makes on what was left out. A signed number adds what its error is in z there.

        Args:
            features: (design, feature), standardised.
            location: (member, design, output), of z.
            deviation: the same.
        """
        location, deviation = location.copy(), deviation.copy()
        signed: dict[int, Array] = {}
        taken = [(i, each) for i, each in enumerate(self.outputs) if each is not None]
        for i, each in sorted(taken, key=lambda pair: not pair[1].is_signed):  # sides before who asks
            own = features
            if each.form == "plain" and each.side is not None:
                own = np.concatenate([features, np.sign(signed[each.side])[:, None]], axis=1)
            found = each.process.predict(own)
            extra = np.zeros(len(features))
            z = found
            if each.form == "ratio":
                assert each.side is not None
                other = self.outputs[each.side]
                assert other is not None
                magnitude = np.exp(found) * other.magnitude(other.outputs(signed[each.side]))
                z = self.transform.encode_column(i, each.from_magnitude(magnitude))
            elif each.is_signed:
                signed[i] = found
                z = self.transform.encode_column(i, each.outputs(found))
                farther = self.transform.encode_column(i, each.outputs(np.abs(found) + each.error))
                extra = np.abs(farther - z)
            centre = location[..., i].mean(axis=0)
            middle = each.weight * z + (1 - each.weight) * centre
            location[..., i] = middle + each.shrink * (location[..., i] - centre)
            deviation[..., i] = np.hypot(each.shrink * deviation[..., i], each.weight * extra)
        return location, deviation

    def state(self) -> tuple[list[dict[str, Any] | None], dict[str, Array]]:
        """JSON values and arrays that :meth:`from_state` makes the same stack of."""
        described: list[dict[str, Any] | None] = []
        arrays: dict[str, Array] = {}
        for i, each in enumerate(self.outputs):
            if each is None:
                described.append(None)
                continue
            words = {name: getattr(each, name) for name in _WORDS}
            numbers = {name: getattr(each.process, name) for name in _NUMBERS}
            described.append(words | numbers)
            # Processes share their points; safetensors wants each array in memory of its own.
            arrays |= {f"{i}.{name}": getattr(each.process, name).copy() for name in _ARRAYS}
        return described, arrays

    @classmethod
    def from_state(
        cls, described: list[dict[str, Any] | None], arrays: dict[str, Array], transform: OutputTransform
    ) -> "Stack":
        """The stack that gave the state."""
        outputs: list[StackedOutput | None] = []
        for i, each in enumerate(described):
            if each is None:
                outputs.append(None)
                continue
            parts = {name: arrays[f"{i}.{name}"] for name in _ARRAYS} | {
                name: each[name] for name in _NUMBERS
            }
            outputs.append(StackedOutput(Process(**parts), **{name: each[name] for name in _WORDS}))
        return cls(outputs, transform)


_WORDS = ("form", "weight", "shrink", "error", "size", "is_decibel", "side")
_NUMBERS = ("variance", "shift", "scale")
_ARRAYS = ("points", "weights", "slopes", "length", "left_out", "theta")


def fit_stack(
    features: Array, values: Array, units: Sequence[str], transform: OutputTransform, left_out: Array
) -> Stack:
    """Fit processes and weigh them.

    Args:
        features: (design, feature), standardised.
        values: (design, output), NaN where not known.
        units: of the outputs; magnitudes in `dB` are taken for 20 log10 of a ratio.
        transform: of the outputs.
        left_out: (design, output), what the members' z missed of designs that they were not shown.
    """
    z = transform.encode(values)
    found: list[StackedOutput | None] = []
    signs: dict[int, Array] = {}
    for i in range(values.shape[1]):
        if not np.isfinite(z[:, i]).all():
            found.append(None)  # a process learns from designs that all gave the output
            continue
        best = StackedOutput(fit_process(features, z[:, i]))
        if _error(best, z[:, i], i, transform) > _GOOD_ENOUGH:
            best = _folded(best, features, values[:, i], units[i] == "dB", i, transform, signs)
        found.append(best)
    known = {i: each for i, each in enumerate(found) if each is not None}
    errors = {i: _error(each, z[:, i], i, transform) for i, each in known.items()}
    signed: dict[int, tuple[Array, Array]] = {}
    for i in sorted(known, key=errors.__getitem__):  # each looks at those that are predicted better
        each = _beside(known[i], features, values[:, i], units[i] == "dB", i, transform, signed)
        found[i] = each
        if each is known[i] and i in signs:
            signed[i] = (signs[i], each.magnitude(values[:, i]))
    missed = np.minimum(np.abs(left_out), _LARGEST_ERROR)
    outputs = [
        None if each is None else _weighed(each, z[:, i], _left_out(each, i, transform, signed), missed[:, i])
        for i, each in enumerate(found)
    ]
    for side in {each.side for each in outputs if each is not None}:
        if side is not None and outputs[side] is None:
            seen = found[side]
            outputs[side] = None if seen is None else replace(seen, weight=0.0)
    return Stack(outputs, transform)


def _folded(
    plain: StackedOutput,
    features: Array,
    values: Array,
    is_decibel: bool,
    output: int,
    transform: OutputTransform,
    signs: dict[int, Array],
) -> StackedOutput:
    """The best form of an output, the plain one or that of a signed number; its signs are noted."""
    if not is_decibel and not (values > 0).all():
        return plain
    z = transform.encode_column(output, values)
    best, least = plain, _BETTER * _error(plain, z, output, transform)
    forms: tuple[Form, ...] = ("pole", "fold")
    for form in forms:
        power = -1.0 if form == "pole" else 1.0
        magnitude = 10 ** (power * values / 20) if is_decibel else values**power
        size = float(magnitude.mean())
        found = fold_signs(features, magnitude / size, tuple(signs.values()))
        for first in ([] if found is None else [found]) + list(signs.values())[:1]:
            process, final = signed_process(features, magnitude / size, first)
            rms = float(np.sqrt(np.mean((process.left_out - final * magnitude / size) ** 2)))
            folded = StackedOutput(process, form, error=rms, size=size, is_decibel=is_decibel)
            error = _error(folded, z, output, transform)
            if error < least:
                best, least = folded, error
                if first is found:  # signs of its own, to which others may look
                    signs[output] = final
    return best


def _beside(
    plain: StackedOutput,
    features: Array,
    values: Array,
    is_decibel: bool,
    output: int,
    transform: OutputTransform,
    signed: dict[int, tuple[Array, Array]],
) -> StackedOutput:
    """The form found so far, or one that looks at another output's side or magnitude, `signed`'s values."""
    z = transform.encode_column(output, values)
    best, least = plain, _error(plain, z, output, transform)
    for side, (sign, magnitude) in signed.items():
        if least <= _GOOD_ENOUGH:
            break
        seeing = fit_process(np.concatenate([features, sign[:, None]], axis=1), z)
        tried = [(StackedOutput(seeing, side=side), seeing.left_out)]
        form = StackedOutput(plain.process, "ratio", is_decibel=is_decibel, side=side)
        own = form.magnitude(values)
        if (own > 0).all():
            ratio = fit_process(features, np.log(own / magnitude))
            found = form.from_magnitude(np.exp(ratio.left_out) * magnitude)
            tried.append((replace(form, process=ratio), transform.encode_column(output, found)))
        for each, left_out in tried:
            error = _mean_error(left_out - z)
            if error < _BETTER * least:
                best, least = each, error
    return best


def _weighed(each: StackedOutput, z: Array, left_out: Array, missed: Array) -> StackedOutput | None:
    """The output with its weight, by the mean squares of what each side missed; None for nearly none."""
    ours = np.minimum(np.abs(left_out - z), _LARGEST_ERROR)
    own, members = float((ours**2).mean()), float(np.nanmean(missed**2))
    weight = members / max(own + members, 1e-30)
    if weight < _LEAST_WEIGHT:
        return None
    error = np.sqrt(weight**2 * own + (1 - weight) ** 2 * members)
    return replace(each, weight=weight, shrink=float(error / max(np.sqrt(members), 1e-15)))


def _left_out(
    each: StackedOutput, output: int, transform: OutputTransform, signed: dict[int, tuple[Array, Array]]
) -> Array:
    """z of every design by the others, (design,)."""
    found = each.process.left_out
    if each.form == "plain":
        return found
    if each.form == "ratio":
        assert each.side is not None
        return transform.encode_column(output, each.from_magnitude(np.exp(found) * signed[each.side][1]))
    return transform.encode_column(output, each.outputs(found))


def _error(each: StackedOutput, z: Array, output: int, transform: OutputTransform) -> float:
    """Mean error of z on designs left out."""
    return _mean_error(_left_out(each, output, transform, {}) - z)


def _mean_error(missed: Array) -> float:
    """Mean size, none counted with more than the spread."""
    size = np.minimum(np.nan_to_num(np.abs(missed), nan=_LARGEST_ERROR), _LARGEST_ERROR)
    return float(size.mean())
