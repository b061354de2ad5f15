"""Targets and models of made-up chains on disk, and the quickest way to evaluate them."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from sciml.data.pdb import write_pdb
from sciml.data.protein_atoms import ProteinAtoms
from sciml.data.residue_constants import atom14_mask, atom14_to_atom37
from sciml.structure.evaluate.plan import plan_evaluation
from sciml.structure.evaluate.run import RunSettings, evaluate
from sciml.structure.evaluate.scoring import ScoreSettings
from tests.structure.folded_chain import HELIX, STRAND, TURN, folded

FAST = ("gdt", "tm", "lddt_ca", "confidence")
SHAPE = [HELIX] * 14 + [TURN, (-90.0, 0.0), TURN] + [STRAND] * 10 + [TURN, (60.0, 30.0)] + [HELIX] * 12


def chain(seed=0, torsions=None, b_factor=50.0):
    """One chain with all heavy atoms, numbered from 1."""
    aatype, atom14 = folded(torsions or SHAPE, seed)
    residues = len(aatype)
    positions, mask = np.zeros((residues, 37, 3), np.float32), np.zeros((residues, 37), np.float32)
    slots, real = atom14_to_atom37()[aatype], atom14_mask()[aatype] > 0
    row, column = np.nonzero(real)
    positions[row, slots[row, column]] = atom14[row, column]
    mask[row, slots[row, column]] = 1
    return ProteinAtoms.of_one_chain(positions, mask, aatype, np.full(residues, b_factor, np.float32))


def shaken(atoms, angstrom, seed=0):
    """The chain with every residue moved by normal noise of that many Å."""
    noise = np.random.default_rng(seed).normal(scale=angstrom, size=(len(atoms.aatype), 1, 3))
    return replace(atoms, positions=(atoms.positions + noise).astype(np.float32))


def kept(atoms, residues):
    """Some residues of a chain."""
    return atoms.select(np.asarray(residues, np.int64))


def write_case(folder, targets=("T1", "T2"), groups=(("TS001", 0.3), ("TS002", 2.0))):
    """`natives/T1.pdb`, … and `models/T1TS001_1.pdb`, …, the second group's being worse."""
    for seed, target in enumerate(targets):
        native = chain(seed)
        write_pdb(folder / "natives" / f"{target}.pdb", native)
        for group, noise in groups:
            write_pdb(folder / "models" / f"{target}{group}_1.pdb", shaken(native, noise, seed))
    return folder / "models", folder / "natives"


def run(models, targets, folder=None, domains=None, families=FAST, **settings):
    """The evaluation, and what it said."""
    said = []
    found = evaluate(
        plan_evaluation(Path(models), Path(targets), domains),
        RunSettings(score=ScoreSettings(families), **settings),
        folder,
        said.append,
    )
    return found, said
