"""A surrogate as a plain function of named values."""

from collections.abc import Callable, Mapping

from sciml.surrogates.prediction import Surrogate
from sciml.surrogates.problem_spec import Value


def to_callable(surrogate: Surrogate) -> Callable[[Mapping[str, Value]], dict[str, float]]:
    """A function that takes one design by the names of its inputs and gives its outputs by theirs.

    It raises `InputError` for a name that is missing or unknown and for a value that is not allowed.
    """

    def predict(values: Mapping[str, Value]) -> dict[str, float]:
        """Median outputs of one design."""
        spec = surrogate.spec
        medians = surrogate.predict(spec.from_values(values)[None]).take(spec.output_names).median()[0]
        return dict(zip(spec.output_names, medians.tolist(), strict=True))

    return predict
