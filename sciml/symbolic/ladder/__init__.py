"""The ladder: ways of solving, cheapest first; every candidate is verified before the next rung is tried.

`rung.py` says what a rung is, `deadline.py` how it is stopped, `settings.py` how much may be tried,
`steps.py` how it explains itself. `integral_climb.py` and `equations/climb.py` lead a problem up;
`found.py` and `forms.py` choose the form of the answer.

Integrals are brought into form by `normalise.py` (names, constants, linear arguments, large numbers),
`scaling.py` (parameters that set the scale) and `term_groups.py` (sums). Then, in the order of the climb:

1. `direct_rungs.py`, what answers at once or not at all: `table.py` (rules; `quadratics.py`,
   `oscillations.py`, `line_powers.py`, `part_powers.py`), `partial_fractions.py`
   (`rational_functions.py`, `radical_roots.py`, `residue_logarithms.py`), `square_root_integrals.py`
   (`square_root_field.py`, `square_root_reduction.py`), `waves.py`, `product_rule.py`.
2. `ansatz_rungs.py`: a linear combination of terms that can occur (`ansatz.py`), first in short systems. Its
   terms come from `terms.py`, `special_kernels.py`, `rational_kernels.py`, its other ways of writing the
   integrand from `factored_sums.py`, `one_angle.py`; `kernels.py` says which functions the terms may hold,
   `combination.py` finds coefficients modulo a prime (`modular.py`, `modular_solve.py`, `primes.py`).
3. `textbook.py`: changes of variable (`substitutions.py`, made of `change.py`, `radical_changes.py`,
   `power_changes.py`, `exponential_changes.py`, `circular_changes.py`, `inverse_changes.py`; simplified by
   `fractions_of_x.py`) and `by_parts.py`, each way ending in 1.
4. long systems of 2, and `change_of_variable.py`: a change, then the ansatz.

Equations go through `equations/`, whose `__init__.py` has the order.

Last, for both: `model_rung.py` (the sequence model: greedy, beam, wide beam, samples), `sympy_child.py` with
`sympy_server.py` (SymPy in a process with limits of time and memory), `foreign_cas.py` (FriCAS, Maxima, Giac,
if installed and asked for).
"""
