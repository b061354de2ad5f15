"""The ladder: ways of solving, cheapest first; every candidate is verified before the next rung is tried.

`rung.py` says what a rung is, `deadline.py` how it is stopped, `steps.py` how it explains itself. A problem
goes through `normalise.py` (names, constants, linear substitution, large numbers) and up the rungs:

1. `table.py`: rules by hand, with any parameters (`quadratics.py`, `oscillations.py`, `part_powers.py`).
2. `ansatz.py`: a linear combination of terms that can occur, its coefficients found modulo a prime.
3. `change_of_variable.py`: radicals, exponentials and tan(x/2) as the new variable, then the ansatz.
4. `model_rung.py`: the sequence model, greedy, then a beam, then a wide beam.
5. `sympy_child.py`: SymPy in a process (`sympy_server.py`) with limits of time and memory.
6. `foreign_cas.py`: FriCAS, Maxima, Giac, if installed and asked for.

`integral_climb.py` and `equation_climb.py` lead a problem up within its `settings.py`; `found.py` and
`forms.py` choose the form of the answer. `scaling.py` takes parameters out of
integrals, `term_groups.py` takes sums apart.
"""
