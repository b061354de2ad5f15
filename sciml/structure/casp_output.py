"""Writes the predictions of a record as CASP takes them: models, contacts and quality estimates.

    TARGETTS_models.txt        up to five models in the order of the ranking, B-factor = pLDDT
    TARGETRR_contacts.txt      contacts and distances from the distogram of the best
    TARGETQA_estimates.txt     a score for each of these models, and the error of each residue

The score of a model is its pTM, or its mean pLDDT over 100 where the network has no head for pTM. Errors of
residues are made from pLDDT by the relation d = 1.5 Å · exp(4 (0.7 - pLDDT / 100)), which was fitted to
models of other networks and is an order of magnitude, not a calibration.

Source of the relation: Hiranuma et al., Nat. Commun. 12:1340 (2021), as used by Oeffner et al., Acta Cryst.
D78:1303 (2022).
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from sciml import __version__
from sciml.data.casp_header import MODEL_NUMBERS, CaspHeader
from sciml.data.casp_qa import QualityEstimate, format_qa
from sciml.data.casp_rr import format_rr
from sciml.data.casp_ts import TsModel, check_ts, format_ts
from sciml.data.distogram_contacts import contacts_of_distogram
from sciml.errors import InputError
from sciml.runs.files import atomic_write_text
from sciml.structure.outputs import Written
from sciml.structure.prediction import Prediction

TS_NAME, RR_NAME, QA_NAME = "{}TS_models.txt", "{}RR_contacts.txt", "{}QA_estimates.txt"
"""File names; the target goes in front."""
_LARGEST_ERROR_ANGSTROM = 30.0


def write_casp(predictions: Sequence[Prediction], folder: Path, header: CaspHeader) -> Written:
    """Write the three files.

    Args:
        predictions: of one record, best first, relaxed where that was asked for; those after the fifth are
            left out.
        folder: an existing folder.
        header: target and author; the method is written from the predictions.

    Returns:
        The files, and warnings about those that could not be written.

    Raises:
        OSError: the folder cannot be written.
    """
    models = list(predictions)[: len(MODEL_NUMBERS)]
    header = replace(header, method=tuple(_method(models[0])), remarks=("Predicted by sciml.",))
    texts = {
        TS_NAME: lambda: _ts_text(models, header),
        RR_NAME: lambda: _rr_text(models[0], header),
        QA_NAME: lambda: _qa_text(models, header),
    }
    files, warnings = [], []
    for name, text_of in texts.items():
        path = folder / name.format(header.target)
        try:
            text = text_of()
        except InputError as error:
            warnings.append(f"no {path.name}: {error}")
        else:
            files.append(atomic_write_text(path, text))
    return Written(tuple(files), tuple(warnings))


def _method(best: Prediction) -> list[str]:
    source = best.parameters
    return [
        f"sciml {__version__} (AlphaFold 2), network {best.model_name}, parameters {source.name}.",
        source.meaning,
        "B-factors of models are pLDDT, 0 to 100. Scores are pTM, or mean pLDDT over 100 without a pTM head.",
    ]


def _ts_text(models: Sequence[Prediction], header: CaspHeader) -> str:
    text = format_ts(header, [TsModel(number, one.atoms()) for number, one in enumerate(models, start=1)])
    check_ts(text, sequence=models[0].sequence)
    return text


def _rr_text(best: Prediction, header: CaspHeader) -> str:
    if best.distogram_logits is None or best.distogram_bin_edges is None:
        raise InputError("the network has no distogram")
    contacts = contacts_of_distogram(
        header, best.distogram_logits, best.distogram_bin_edges, sequence=best.sequence
    )
    return format_rr(contacts)


def _qa_text(models: Sequence[Prediction], header: CaspHeader) -> str:
    estimates = []
    for number, one in enumerate(models, start=1):
        fraction = one.plddt / 100
        errors = np.minimum(1.5 * np.exp(4 * (0.7 - fraction)), _LARGEST_ERROR_ANGSTROM)
        errors = np.where(one.atom_mask.any(axis=1), errors, np.nan)
        score = float(fraction.mean()) if one.ptm is None else one.ptm
        name = f"{header.target}TS_{number}"
        estimates.append(QualityEstimate(name, score, tuple(errors.tolist())))
    return format_qa(header, estimates)
