"""The value of a definite integral, with its evidence."""

from dataclasses import dataclass
from typing import Any, Literal

from sciml.symbolic.expression import NUMBER, Expr
from sciml.symbolic.infix import to_infix
from sciml.symbolic.latex import to_latex

DefiniteStatus = Literal["verified", "divergent", "conditional", "unverified", "unsolved"]
ANSWERED: tuple[DefiniteStatus, ...] = ("verified", "divergent", "conditional")
"""The question is answered: by a value, or by the finding that there is none."""


@dataclass(frozen=True)
class DefiniteValue:
    """The value of a definite integral and its evidence."""

    lower: str
    upper: str
    status: DefiniteStatus
    """`verified`: limits of the antiderivative and quadrature agree. `divergent`: it has no finite value.
    `conditional`: verified at the values of the parameters that are given, and wrong or divergent at others;
    a note says at which. `unverified`: they disagree, and there is no value.
    `unsolved`: no antiderivative is known."""
    value: Expr | None = None
    """The exact value, if it could be written down."""
    decimal: float | None = None
    """The value, from the antiderivative; for parameters see `parameters`."""
    quadrature: float | None = None
    """What quadrature gives."""
    parameters: tuple[tuple[str, float], ...] = ()
    """Values of the parameters at which the decimal and the quadrature were taken."""
    ends: tuple[float, float] | None = None
    """Both limits as numbers."""
    notes: tuple[str, ...] = ()
    """Jumps and singularities inside the interval, and the reason why there is no value."""

    @property
    def is_answer(self) -> bool:
        """Whether the question is answered: by a value, or by the finding that there is none."""
        return self.status in ANSWERED

    def text(self, *, latex: bool = False) -> str:
        """One line for people."""
        if self.status == "divergent":
            return "divergent"
        if not self.is_answer or self.decimal is None:
            return f"no verified value: {self.notes[-1] if self.notes else 'no antiderivative was found'}"
        decimal = _decimal_text(self.decimal)
        if self.parameters:
            decimal += " for " + ", ".join(f"{name} = {value:.6g}" for name, value in self.parameters)
        if self.value is None or (self.value.kind == NUMBER and type(self.value.value) is int):
            return decimal
        return f"{to_latex(self.value) if latex else to_infix(self.value)} = {decimal}"

    def to_dict(self) -> dict[str, Any]:
        """The value as JSON values."""
        return {
            "lower": self.lower,
            "upper": self.upper,
            "status": self.status,
            "value": None if self.value is None else to_infix(self.value),
            "decimal": None if self.decimal is None else _decimal_text(self.decimal),
            "quadrature": self.quadrature,
            "parameters": dict(self.parameters),
            "notes": list(self.notes),
        }


def _decimal_text(value: float) -> str:
    return f"{value:.15g}"
