"""The content of each file of a prediction, as text or bytes; `outputs.py` decides where it is written.

Names and keys are those of ColabFold and of the AlphaFold Protein Structure Database, so that the programs
that read theirs read ours. Every text says which parameters made the structure and what that means.
"""

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sciml import __version__
from sciml.data.modelcif import ModelRecord, format_modelcif
from sciml.data.names import file_name
from sciml.data.pdb import format_pdb
from sciml.structure.prediction import Prediction

State = Literal["unrelaxed", "relaxed"]
PLDDT_SCALE = 100
_DIGITS_OF_DIGEST = 12  # shown where the whole would not fit


def tag(prediction: Prediction, rank: int) -> str:
    """The part of a file name that tells the predictions of one record apart, in ColabFold's form."""
    return f"rank_{rank:03d}_{file_name(prediction.model_name)}_seed_{prediction.seed:03d}"


def remarks(prediction: Prediction, rank: int, state: State) -> list[str]:
    """Sentences for the head of a coordinate file."""
    source = prediction.parameters
    scores = f"mean pLDDT {prediction.mean_plddt:.2f} of 100"
    if prediction.ptm is not None:
        scores += f", pTM {prediction.ptm:.3f}"
    refined = "restrained minimisation against clashes and bad geometry" if state == "relaxed" else "none"
    return [
        f"PREDICTED by sciml {__version__}; not an experimental structure.",
        f"Parameters: {source.name}, sha256 {source.sha256 or 'none'}.",
        source.meaning,
        f"Record {prediction.record_id}: rank {rank}, network {prediction.model_name}, "
        f"seed {prediction.seed}, {prediction.recycles} recycles; {scores}.",
        "B-factor: pLDDT, the network's estimate of lDDT-CA, 0 to 100; not a temperature factor.",
        f"Relaxation: {refined}.",
        *_warnings(prediction),
    ]


def _warnings(prediction: Prediction) -> list[str]:
    return [f"Warning: {warning.rstrip('.')}." for warning in prediction.warnings]


def pdb_text(prediction: Prediction, rank: int, state: State = "unrelaxed") -> str:
    """The PDB file; errors as `sciml.data.pdb.format_pdb`."""
    return format_pdb(prediction.atoms(), remarks(prediction, rank, state))


def cif_text(prediction: Prediction, rank: int, state: State = "unrelaxed") -> str:
    """The ModelCIF file."""
    source = prediction.parameters
    record = ModelRecord(
        entry_id=f"{prediction.name}_{state}_{tag(prediction, rank)}",
        title=f"Predicted structure of {prediction.record_id}, rank {rank} ({state})",
        details=" ".join([f"Parameters {source.name}: {source.meaning}", *_warnings(prediction)]),
        plddt=prediction.plddt.astype(np.float32),
        ptm=prediction.ptm,
        software_version=__version__,
        parameters=(
            ("network", prediction.model_name),
            ("parameters", source.name),
            ("parameters_sha256", source.sha256 or "none"),
            ("parameters_trained", source.trained),
            ("seed", prediction.seed),
            ("recycles", prediction.recycles),
            ("relaxed", state == "relaxed"),
        ),
        has_msa=int(prediction.alignment_summary.get("rows", 1)) > 1,
    )
    return format_modelcif(prediction.atoms(), record)


def scores_text(prediction: Prediction, rank: int, extra_warnings: Sequence[str] = ()) -> str:
    """The scores of one prediction: ColabFold's keys, then what else there is to know. Å for errors."""
    scores: dict[str, Any] = {"plddt": rounded(prediction.plddt)}
    if prediction.pae is not None:
        scores |= {"max_pae": rounded(prediction.max_pae), "pae": rounded(prediction.pae)}
    if prediction.ptm is not None:
        scores["ptm"] = rounded(prediction.ptm)
    scores |= {
        "plddt_scale": PLDDT_SCALE,
        "mean_plddt": rounded(prediction.mean_plddt),
        "record": prediction.record_id,
        "rank": rank,
        "model": prediction.model_name,
        "seed": prediction.seed,
        "recycles": prediction.recycles,
        "converged_at": prediction.converged_at,
        "parameters": source_values(prediction),
        "violations": None if prediction.violations is None else dict(prediction.violations),
        "warnings": [*prediction.warnings, *extra_warnings],
    }
    return compact_json(scores)


def source_values(prediction: Prediction) -> dict[str, Any]:
    """JSON values on the parameters."""
    source = prediction.parameters
    return {
        "name": source.name,
        "path": source.path,
        "sha256": source.sha256,
        "trained": source.trained,
        "meaning": source.meaning,
    }


def afdb_pae_text(pae: NDArray[np.float64], max_pae: float) -> str:
    """Aligned error in the form of the AlphaFold database: whole Å, row i superposed on residue i."""
    entry = {
        "predicted_aligned_error": np.rint(pae).astype(int).tolist(),
        "max_predicted_aligned_error": rounded(max_pae),
    }
    return compact_json([entry])


def distogram_bytes(prediction: Prediction) -> bytes:
    """An npz without pickle: `logits` (res, res, bin) in half precision, `bin_edges` (bin - 1,) in Å.

    Raises:
        ValueError: the prediction holds no distogram.
    """
    if prediction.distogram_logits is None or prediction.distogram_bin_edges is None:
        raise ValueError("the prediction holds no distogram")
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        logits=prediction.distogram_logits.astype(np.float16),
        bin_edges=prediction.distogram_bin_edges.astype(np.float32),
    )
    return buffer.getvalue()


def figure_note(prediction: Prediction) -> str:
    """The line under every figure."""
    source = prediction.parameters
    digest = f" (sha256 {source.sha256[:_DIGITS_OF_DIGEST]})" if source.sha256 else ""
    return f"{source.name}{digest}: {source.meaning}"


def rounded(values: NDArray[np.float64] | float | None, digits: int = 2) -> Any:  # noqa: ANN401  # a JSON value
    """Lists or a number with that many decimals."""
    return None if values is None else np.round(np.asarray(values, np.float64), digits).tolist()


def compact_json(values: Mapping[str, Any] | Sequence[Any]) -> str:
    """JSON on one line; NaN and infinity are refused.

    Raises:
        ValueError: a number that is not finite.
    """
    return json.dumps(values, separators=(",", ":"), allow_nan=False) + "\n"
