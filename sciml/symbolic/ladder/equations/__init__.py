"""The ladder's rung for differential equations of first and second order.

`climb.py` leads an equation up: to the rung of our own, `methods.py`, then to those that integrals have too.
The equation is solved for its highest derivative (`slopes.py`, `radicals.py`, `factoring.py`), then

1. of first order: `first_order_substitution.py` (`linear.py`, `riccati.py`), `first_order.py`
   (`separable.py`, `symmetry.py`, `exact.py`, `swapped.py`), `branches.py`.
2. of second order: `second_order_substitution.py`, `first_integral.py`, `linear_second_order.py`
   (`homogeneous.py`), `reduction.py`.
3. to an answer: `integrals.py` (`integrands.py`), `inversion.py`, `relations.py`, `simplification.py`,
   `real_forms.py`, `forms.py`.

`fibres.py` draws points modulo a prime, `attempts.py` goes on after a failure.
"""
