"""SymPy as a judge of last resort: whether it simplifies an expression to zero, in a process with a time
limit.

Run as a module it reads the token ids of an expression in hexadecimal from standard input and prints `zero`
or `unknown`.
"""

import subprocess
import sys

from sciml.symbolic.expression import Expr
from sciml.symbolic.tokens import from_prefix

_ZERO = "zero"


def proves_zero(node: Expr, seconds: float) -> bool:
    """Whether SymPy simplifies the expression to 0 within the time; False says nothing."""
    try:
        answer = subprocess.run(
            [sys.executable, "-m", "sciml.symbolic.sympy_proof"],
            input=node.prefix.hex(),
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return answer.returncode == 0 and answer.stdout.strip() == _ZERO


def main() -> None:
    """Answer for the expression on standard input."""
    import sympy

    from sciml.symbolic.sympy_bridge import to_sympy

    difference = to_sympy(from_prefix(bytes.fromhex(sys.stdin.read())))
    print(_ZERO if sympy.simplify(difference) == 0 else "unknown")


if __name__ == "__main__":
    main()
