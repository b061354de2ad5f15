"""Predict every chain of a set, so that the predictions can be scored against its structures.

A set is a folder of native structures, or a folder of chains with `index.csv.gz` (`data/chains.py`). The
sequence of a native is that of the FASTA record in its folder whose name points to it, else the residues that
its first chain shows; the network sees the sequence alone. Results:

    natives/NAME.pdb                  the structures of a set of chains
    predictions/MODEL/NAME/…          what `sciml predict` writes for one record
"""

import os
from collections.abc import Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from sciml.data.chains import INDEX_NAME, OBSERVED, Chain, ChainSet, open_chains, open_test_chains
from sciml.data.names import file_names
from sciml.data.pdb import format_pdb
from sciml.data.protein_atoms import ProteinAtoms
from sciml.data.residue_constants import atom14_mask, atom14_to_atom37
from sciml.data.sequences import FASTA_SUFFIXES, SequenceBatch, SequenceRecord, read_sequences
from sciml.data.structure_files import read_structures
from sciml.errors import InputError, SettingsError
from sciml.runs.files import atomic_write_text
from sciml.structure.evaluate.identifiers import find_target
from sciml.structure.evaluate.plan import find_targets
from sciml.structure.evaluate.pool import open_executor
from sciml.structure.evaluate.run import Say
from sciml.structure.network import Network, PredictSettings

_SPLITS = ("valid", "test")


@dataclass(frozen=True)
class SetMember:
    """One structure of a set."""

    name: str
    """Of the target, as a file name."""
    sequence: str
    """What is predicted."""
    cluster: str
    """Similar chains share it; the name itself where nothing is known."""


@dataclass(frozen=True)
class PredictionSet:
    """What is to be predicted, and against which structures it is scored."""

    natives: Path
    """Folder of native structures."""
    members: tuple[SetMember, ...]
    """In the order of the set."""


@dataclass(frozen=True)
class PredictTask:
    """One record for one parameter set."""

    member: SetMember
    """What is predicted."""
    model: str
    """Name or file of the parameters."""
    folder: str
    """Where the prediction is written."""
    settings: PredictSettings
    """Passes and seed."""
    force: bool = False
    """Predict again what is finished."""


def prepare_set(path: Path, output: Path, *, split: str = "valid", limit: int | None = None) -> PredictionSet:
    """Read a set and write the native structures of a set of chains.

    Args:
        path: folder of natives, or of chains.
        output: folder of the evaluation.
        split: of chains: `valid` or `test`.
        limit: only the first members.

    Raises:
        InputError: there is nothing to predict there, or a file cannot be read.
        SettingsError: another split.
    """
    if split not in _SPLITS:
        raise SettingsError(f"the split is {' or '.join(_SPLITS)}, not {split!r}")
    if (path / INDEX_NAME).is_file():
        chains = open_test_chains(path) if split == "test" else open_chains(path, (split,))
        return _of_chains(chains, output / "natives", limit)
    return _of_natives(path, limit)


def _of_chains(chains: ChainSet, natives: Path, limit: int | None) -> PredictionSet:
    count = len(chains) if limit is None else min(limit, len(chains))
    names = file_names(chains.records[number].id for number in range(count))
    members = []
    for number, name in enumerate(names):
        chain = chains.chain(number)
        atomic_write_text(natives / f"{name}.pdb", format_pdb(chain_atoms(chain)))
        members.append(SetMember(name, chain.sequence, chain.record.cluster30))
    return PredictionSet(natives, tuple(members))


def chain_atoms(chain: Chain) -> ProteinAtoms:
    """A chain of a data set with its observed atoms; residues numbered from 1, rebuilt atoms left out."""
    residues = len(chain.aatype)
    positions = np.zeros((residues, 37, 3), np.float32)
    mask = np.zeros((residues, 37), np.float32)
    slots, real = atom14_to_atom37()[chain.aatype], atom14_mask()[chain.aatype] > 0
    row, column = np.nonzero(real & (chain.mask == OBSERVED))
    positions[row, slots[row, column]] = chain.positions[row, column]
    mask[row, slots[row, column]] = 1
    return ProteinAtoms.of_one_chain(
        positions, mask, chain.aatype, np.zeros(residues, np.float32), chain.residue_index + 1
    )


def _of_natives(path: Path, limit: int | None) -> PredictionSet:
    targets = find_targets(path)[:limit]
    names = [target.name for target in targets]
    given: dict[str, str] = {}
    for file in sorted(path.iterdir()) if path.is_dir() else []:
        if file.name.lower().endswith(FASTA_SUFFIXES):
            for record in read_sequences(file).records:
                name = find_target([record.id], names, file=str(file))
                if name is not None:
                    given.setdefault(name, record.sequence)
    members = []
    for target in targets:
        sequence = given.get(target.name)
        if sequence is None:
            atoms = read_structures(target.path, all_models=False)[0].atoms
            _, start, stop = atoms.chain_spans()[0]
            sequence = atoms.sequence[start:stop]
        members.append(SetMember(target.name, sequence, target.name))
    return PredictionSet(path, tuple(members))


def predict_set(
    members: Sequence[SetMember],
    models: Sequence[str],
    output: Path,
    settings: PredictSettings,
    say: Say,
    *,
    workers: int = 1,
    threads: int = 1,
    scheduler: str | None = None,
    force: bool = False,
) -> Path:
    """Predict every member with every parameter set; what is finished is kept.

    Returns:
        The folder of predictions, with a sub-folder for each parameter set.

    Raises:
        ScimlError: a parameter set cannot be used. Records that fail are reported and stay missing.
    """
    folder = output / "predictions"
    labels = model_labels(models)
    tasks = [
        PredictTask(member, model, str((folder / label / member.name).resolve()), settings, force)
        for model, label in zip(models, labels, strict=True)
        for member in members
    ]
    with open_executor(min(workers, len(tasks)), threads, scheduler) as executor:
        futures = {executor.submit(run_prediction, task): task for task in tasks}
        for done, future in enumerate(as_completed(futures), start=1):
            task = futures[future]
            say(f"predicted {done}/{len(tasks)}: {task.member.name} with {task.model}: {future.result()}")
    return folder


def model_labels(models: Sequence[str]) -> list[str]:
    """Names of parameter sets, as folders: `mini`, or the file's name; different for different sets.

    Raises:
        InputError: one set is named twice.
    """
    if len(set(models)) != len(models):
        raise InputError(f"a parameter set is named twice: {', '.join(models)}")
    stems = [Path(model.rpartition("=")[2]).stem for model in models]
    if len(set(stems)) < len(stems):
        stems = [f"{number}-{stem}" for number, stem in enumerate(stems, start=1)]
    return file_names(stems)


def run_prediction(task: PredictTask) -> str:
    """Predict one record into its folder.

    Returns:
        The last thing that was said about it.
    """
    from sciml.structure.batch import BatchPrediction, BatchSettings
    from sciml.structure.outputs import OutputOptions

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS") or torch.get_num_threads()))
    said: list[str] = []
    record = SequenceRecord(task.member.name, "", task.member.sequence, task.member.name, "<set>")
    BatchPrediction(
        SequenceBatch((record,), ()),
        [_network(task.model, task.settings)],
        BatchSettings(
            predict=task.settings, outputs=OutputOptions(cif=False, figures=False), force=task.force
        ),
        Path(task.folder),
        said.append,
    ).run()
    return said[-1] if said else ""


@lru_cache(maxsize=2)
def _network(model: str, settings: PredictSettings) -> Network:
    """A parameter set stays in memory for the next record of the same process."""
    from sciml.structure.network import load_network

    return load_network(model, settings)
