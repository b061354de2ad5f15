"""Losses of the structure network, one value for each example of a batch.

`lddt.py` scores distances, `fape.py` compares frames and atoms, `torsion.py` angles, `violation.py` bonds
and clashes, `heads.py` the logits of the other heads; `total.py` weighs them all.
"""
