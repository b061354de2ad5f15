"""Choosing the next designs to simulate.

`loop.py` (`run_design`) asks an optimiser of `modes.py` for designs, simulates them and tells it the result.
Every optimiser (`optimiser.py`) keeps a `history.py` and works on a `grid.py`: `random_search.py`;
`evolution.py` by the rules of `evolution_rules.py`. `merit.py` says which design is best.
"""
