"""Choosing the next designs to simulate.

`loop.py` (`run_design`) asks an optimiser of `modes.py` for designs, simulates them and tells it the result.
Every optimiser (`optimiser.py`) keeps a `history.py` and works on a `grid.py`: `random_search.py`;
`evolution.py` by the rules of `evolution_rules.py`; `bagnet.py`, the same with `bagnet_network.py` to choose
among the children; and the default, `feasibility_search.py`. The default lays designs on the cube of
`features.py`, beside what `auxiliary_features.py` predicts, and outputs on the scale of `margins.py`;
`margin_models.py` joins the models of `gaussian_process.py` and judges the proposals of `candidate_pool.py`
inside a `trust_region.py`; `two_tier.py` ends simulations early; `ensemble_search.py` is the same search with
neural networks. `merit.py` says which design is best.

Beyond one goal at one condition: `robust.py` (all corners with mismatch, by what `conditions.py` learns);
`retarget.py` (new limits without new training) and `fidelity.py` (from schematic to layout), both by
`proposals.py` on a surrogate that `corrected.py` and `residual.py` keep up to date; `front_search.py`
(several objectives) by the measures of `pareto.py`.
"""
