"""Are the deterministic parts of the feature pipeline those of AlphaFold 2?

Reads reference arrays written by the AlphaFold 2 pipeline (`units/msa_features.*` and
`model_*/raw_features.npz`, `batch.npz`, `ground_truth.npz`), repeats every step that is not a random draw,
with the reference's own draws, and prints the largest difference of every array. Exit code 1 if one is over
its tolerance.

    python -m benchmarks.structure.oracle_msa_features --oracle DIR
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sciml.data.a3m import read_a3m
from sciml.data.alphabet import HHBLITS_TO_INDEX
from sciml.structure.features.clusters import nearest_centres, summarise_clusters
from sciml.structure.features.msa import EncodedMsa, deletion_value, encode_alignment, encoded_msa
from sciml.structure.features.pipeline import Features, MsaDraw, msa_features, pad_axis, sequence_features
from sciml.structure.features.templates import TemplateChain, template_features
from sciml.structure.training_labels import LABEL_NAMES, structure_labels

Arrays = dict[str, NDArray]
TOLERANCE = 1e-6
LABEL_TOLERANCE = {"rigidgroups_gt_frames": 1e-5, "rigidgroups_alt_gt_frames": 1e-5, "chi_angles": 1e-5}
NOT_REBUILT = {"random_crop_to_size_seed"}
"""A seed of the reference's random cropping, which no network reads."""


class Report:
    """Prints one line an array and remembers whether all were within their tolerance."""

    def __init__(self) -> None:
        self.failed = 0

    def compare(
        self, name: str, ours: Tensor | NDArray, reference: NDArray, tolerance: float = TOLERANCE
    ) -> None:
        """Print the largest absolute difference; a shape that differs is a failure."""
        found = ours.numpy() if isinstance(ours, Tensor) else ours
        if found.shape != reference.shape:
            worst, verdict = float("inf"), f"shape {found.shape}, reference {reference.shape}"
        else:
            worst = float(np.abs(found.astype(np.float64) - reference.astype(np.float64)).max(initial=0))
            verdict = "ok" if worst <= tolerance else "FAIL"
        self.failed += verdict != "ok"
        print(f"{name:<52} {worst:10.2e}  {tolerance:.0e}  {verdict}")


def load(path: Path) -> Arrays:
    with np.load(path, allow_pickle=False) as data:
        return {name: data[name] for name in data.files}


def rows_in(letters: Tensor, wanted: NDArray) -> Tensor:
    """Numbers of the alignment rows that are equal to the wanted rows."""
    equal = (torch.from_numpy(wanted)[:, None] == letters[None]).all(-1)
    if not (equal.sum(1) == 1).all():
        raise SystemExit("a row of the reference is not exactly one row of the alignment")
    return equal.long().argmax(1)


def check_units(folder: Path, report: Report) -> None:
    """Encoding, de-duplication, profile, clusters and MSA features of one alignment."""
    reference = load(folder / "msa_features.npz")
    alignment = read_a3m(folder / "msa_features.a3m")
    report.compare("parse_deletion_matrix", alignment.deletions, reference["out/parse_deletion_matrix"])
    msa = encode_alignment(alignment)
    report.compare("corrected_msa", msa.letters, reference["out/corrected_msa"])
    report.compare("raw_deletion_matrix_dedup", msa.deletions, reference["out/raw_deletion_matrix_dedup"])
    report.compare("hhblits_profile", msa.profile, reference["out/hhblits_profile"])
    split = {
        name.removeprefix("out/split10/"): v
        for name, v in reference.items()
        if name.startswith("out/split10/")
    }
    centres = rows_in(msa.letters, split["true_msa"])
    others = rows_in(msa.letters, split["extra_msa"])
    chosen = torch.from_numpy(reference["in/split10_mask22_positions"])
    masked = msa.letters[centres].masked_fill(chosen, 22)
    assignment = nearest_centres(masked, msa.letters[others])
    report.compare("split10/extra_cluster_assignment", assignment, split["extra_cluster_assignment"])
    profile, mean = summarise_clusters(
        masked, msa.deletions[centres], msa.letters[others], msa.deletions[others], assignment
    )
    report.compare("split10/cluster_profile", profile, split["cluster_profile"])
    report.compare("split10/cluster_deletion_mean", mean, split["cluster_deletion_mean"])
    report.compare("split10/msa", masked, split["msa"])
    features = msa_features(msa, MsaDraw(centres, others, masked, chosen), len(others))
    features |= sequence_features(msa.letters[0], torch.arange(msa.num_res))
    for name in sorted(features.keys() & split.keys()):
        report.compare(f"split10/{name}", features[name], split[name])


def rebuilt(raw: Arrays, batch: Arrays) -> Features:
    """Features of a model case from its raw arrays and the random choices that its batch shows."""
    table = torch.tensor(HHBLITS_TO_INDEX)
    msa = encoded_msa(table[raw["msa"]], torch.from_numpy(raw["deletion_matrix_int"]))
    num_res, num_real = msa.num_res, int(batch["extra_msa_row_mask"].sum())
    centres = rows_in(msa.letters, batch["true_msa"][0, :, :num_res])
    extra = rows_in(msa.letters, batch["extra_msa"][0, :num_real, :num_res])
    unseen = set(range(msa.num_rows)) - set(centres.tolist()) - set(extra.tolist())
    others = torch.cat([extra, torch.tensor(sorted(unseen), dtype=torch.long)])
    masked = torch.from_numpy(batch["msa_feat"][0, :, :num_res, :23]).argmax(-1).to(torch.uint8)
    chosen = torch.from_numpy(batch["bert_mask"][0, :, :num_res]) > 0
    aatype = torch.from_numpy(raw["aatype"]).argmax(-1)
    features = sequence_features(aatype, torch.from_numpy(raw["residue_index"]))
    features |= msa_features(msa, MsaDraw(centres, others, masked, chosen), num_real)
    if "template_aatype" in batch:
        features |= template_features(raw_templates(raw), num_res, batch["template_mask"].shape[1])
    features = pad_axis(features, "extra", batch["extra_msa"].shape[1])
    return {name: v.unsqueeze(0) for name, v in pad_axis(features, "res", batch["aatype"].shape[1]).items()}


def raw_templates(raw: Arrays) -> list[TemplateChain]:
    """Template chains of raw features, whose residues are one-hot in HHblits' order."""
    aatype = torch.tensor(HHBLITS_TO_INDEX)[raw["template_aatype"].argmax(-1)]
    return [
        TemplateChain(
            aatype[number],
            torch.from_numpy(raw["template_all_atom_positions"][number]),
            torch.from_numpy(raw["template_all_atom_masks"][number]),
            float(raw["template_sum_probs"][number, 0]),
        )
        for number in range(len(aatype))
    ]


def check_case(folder: Path, report: Report) -> None:
    """Every array of a frozen batch, and the ground truth that follows from its atoms."""
    raw, batch = load(folder / "raw_features.npz"), load(folder / "batch.npz")
    features = rebuilt(raw, batch)
    for name in sorted(set(batch) - NOT_REBUILT):
        report.compare(f"{folder.name}/{name}", features[name], batch[name])
    surplus = sorted(set(features) - set(batch))
    if surplus:
        report.failed += 1
        print(f"{folder.name}: features that the reference does not have: {', '.join(surplus)}")
    alignment = encode_alignment(read_a3m(folder / "msa.a3m"))
    check_same_rows(alignment, raw, folder.name, report)
    truth = load(folder / "ground_truth.npz")
    labels = structure_labels(
        features["aatype"],
        *(torch.from_numpy(truth[name]) for name in ("all_atom_positions", "all_atom_mask", "resolution")),
    )
    for name in LABEL_NAMES:
        ours, reference = labels[name].numpy(), truth[name]
        if name == "backbone_affine_tensor":  # a quaternion and its negative are the same rotation
            known = truth["backbone_affine_mask"][..., None]
            sign = np.sign((ours[..., :4] * reference[..., :4]).sum(-1, keepdims=True))
            ours = np.concatenate([ours[..., :4] * sign, ours[..., 4:]], -1) * known
            reference = reference * known
        report.compare(f"{folder.name}/labels/{name}", ours, reference, LABEL_TOLERANCE.get(name, TOLERANCE))


def check_same_rows(alignment: EncodedMsa, raw: Arrays, case: str, report: Report) -> None:
    """The alignment file gives the rows of the raw features."""
    report.compare(f"{case}/msa.a3m letters", alignment.letters, np.array(HHBLITS_TO_INDEX)[raw["msa"]])
    report.compare(f"{case}/msa.a3m deletions", alignment.deletions, raw["deletion_matrix_int"])


def check_deletion_value(report: Report) -> None:
    """2/π·atan(d/3) by its closed values: 0, 1/2 at d = 3, 1 at infinity."""
    values = deletion_value(torch.tensor([0.0, 3.0, torch.inf]))
    report.compare("deletion_value(0, 3, inf)", values, np.array([0.0, 0.5, 1.0]))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--oracle", type=Path, required=True, help="folder with units/ and model_*/")
    arguments = parser.parse_args()
    report = Report()
    print(f"{'array':<52} {'max diff':>10}  tolerance")
    check_deletion_value(report)
    check_units(arguments.oracle / "units", report)
    for folder in sorted(arguments.oracle.glob("model_*")):
        if (folder / "raw_features.npz").is_file():
            check_case(folder, report)
    print(f"{report.failed} arrays over tolerance" if report.failed else "all arrays within tolerance")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
