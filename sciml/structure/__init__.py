"""Protein structure from sequence.

A record passes: `search.py` (or `msa.py`), `features/`, `model.py` (`embedders.py`, `templates.py`,
`evoformer.py`, `structure_module.py`, `heads.py`), `confidence.py`, `predict.py`, `violations.py`,
`outputs.py`, `relax.py`; `network.py` reads the parameters, `batch.py` leads many records through. Training
passes: `training_data.py`, `losses/`, `training.py`, `training_run.py`, `evaluation.py`, `model_card.py`.
"""
