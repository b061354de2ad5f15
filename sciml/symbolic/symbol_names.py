"""Which names may be symbols in user text, and what to say about those that may not."""

from sciml.symbolic.lexer import GREEK_NAMES
from sciml.symbolic.named_functions import FUNCTION_NAMES


def broken_rule(name: str) -> str | None:
    """The rule that a name breaks as a symbol, or None if it may be one."""
    if name == "i":
        return "write I for the imaginary unit, or another letter for a parameter"
    if name in ("oo", "inf", "infinity", "nan", "zoo"):
        return f"{name!r} is no number"
    number = name[1:].removeprefix("_")
    if name in GREEK_NAMES or len(name) == 1 or (number.isdigit() and len(number) <= 3):
        return None
    return (
        f"the name {name[:40]!r} is not known; parameters are single letters, Greek names, or a letter with "
        "a number (write * between factors)"
    )


def rule_of_unknown_call(name: str) -> str:
    """What to say about name(…), where the name is no function."""
    known = [one for one in FUNCTION_NAMES if name.endswith(one) and len(one) < len(name)]
    if known:
        longest = max(known, key=len)
        factor = name[: -len(longest)][:40]
        return f"{name[:40]!r} is no known function; write {factor}*{longest}(…) for a product"
    if broken_rule(name) is None:
        return f"{name}(…) reads like a call of a function; write {name}*(…) for a product"
    return f"{name[:40]!r} is no known function"
