"""What do phi and psi of good experimental structures look like, class by class?

Writes the table that `sciml.structure.scores.ramachandran` reads, from training chains only, and prints the
regions' areas and what they say of validation chains. No randomness: the same data give the same file.

python -m benchmarks.structure.ramachandran_table --data CHAINS -o sciml/structure/scores/ramachandran.npz
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sciml.data.chains import MISSING, OBSERVED, Chain, ChainRecord, ChainSet, open_chains
from sciml.data.residue_constants import atom14_mask
from sciml.structure import bond_geometry, violations
from sciml.structure.scores.backbone_torsions import backbone_torsions, peptide_bonds
from sciml.structure.scores.clashes import find_clashes
from sciml.structure.scores.ramachandran import (
    ALLOWED_SHARE,
    CLASSES,
    FAVOURED_SHARE,
    NO_CLASS,
    RamachandranTable,
    interpolate_periodic,
    ramachandran_classes,
)

Array = NDArray[np.float64]

BEST_RESOLUTION_ANGSTROM = 2.0
ENDS_LEFT_OUT = 3
"""Residues at either end of an unbroken stretch, which are often less certain."""
FINE_DEGREES, TABLE_DEGREES = 2, 4
PILOT_DEGREES = 8.0
NARROWEST_DEGREES, WIDEST_DEGREES, KERNELS = 4.0, 12.0, 9
"""Standard deviations of the Gaussian kernels: narrow where residues are dense."""
_EMPTY = 1e-12  # density per square degree; keeps logarithms finite


def torsions_of(chains: ChainSet, filtered: bool) -> Array:
    """(res, 3): phi, psi, class of the chains' residues; see the module of the table for the filters."""
    found = []
    for number, record in enumerate(chains.records):
        if not is_well_determined(record):
            continue
        chain = chains.chain(number)
        backbone = np.where(chain.mask[:, :3, None] == OBSERVED, chain.positions[:, :3].astype(float), np.nan)
        bonded = peptide_bonds(backbone)
        phi, psi, _ = backbone_torsions(backbone, bonded)
        classes = ramachandran_classes(chain.aatype, bonded)
        use = np.isfinite(phi) & np.isfinite(psi) & (classes != NO_CLASS)
        if filtered:
            use &= _is_sound(chain, bonded) & _is_inner(bonded)
        found.append(np.stack([phi, psi, classes], axis=-1)[use])
    return np.concatenate(found)


def is_well_determined(record: ChainRecord) -> bool:
    """All heavy atoms, X-ray, known resolution of 2.0 Å or better."""
    resolution = record.resolution_angstrom
    return (
        record.atoms == "all"
        and "NMR" not in record.method
        and resolution is not None
        and resolution <= BEST_RESOLUTION_ANGSTROM
    )


def _is_sound(chain: Chain, bonded: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Residues with nothing wrong in them and in their neighbours."""
    has_slot = atom14_mask()[chain.aatype] > 0
    atoms = bond_geometry.Chain(
        chain.aatype, chain.positions.astype(float), (chain.mask != MISSING) & has_slot, bonded
    )
    wrong = ((chain.mask != OBSERVED) & has_slot).any(-1)
    for residues in (
        bond_geometry.bond_terms(atoms).outliers(),
        bond_geometry.angle_terms(atoms).outliers(),
        violations.chirality_errors(atoms),
        violations.cis_peptides(atoms, proline=False),
        find_clashes(*atoms)[0][:, ::2],
    ):
        wrong[residues.ravel()] = True
    beside = wrong.copy()
    beside[1:] |= wrong[:-1]
    beside[:-1] |= wrong[1:]
    return ~beside


def _is_inner(bonded: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Residues with at least three residues of the same stretch on either side."""
    stretch = np.append(0, np.cumsum(~bonded))
    padded = np.pad(stretch, ENDS_LEFT_OUT, constant_values=-1)
    return (padded[: len(stretch)] == stretch) & (padded[2 * ENDS_LEFT_OUT :] == stretch)


def smoothed_density(torsions: Array) -> tuple[Array, Array]:
    """Density of phi and psi by kernels whose width falls with the root of a first estimate of the density.

    Args:
        torsions: (res, 2), degrees.

    Returns:
        (phi, psi) per square degree on nodes from -180 in steps of 2 degrees, and the share that a single
        residue at each node contributes there itself.

    Source: Abramson, Ann. Statist. 10:1217 (1982).
    """
    nodes = 360 // FINE_DEGREES
    i, j = (np.round((torsions + 180) / FINE_DEGREES).astype(int) % nodes).T
    counts = np.zeros((nodes, nodes))
    np.add.at(counts, (i, j), 1.0)
    pilot = np.maximum(_smooth(counts, PILOT_DEGREES), _EMPTY)
    mean = np.exp((np.log(pilot) * counts).sum() / counts.sum())
    widths = np.geomspace(NARROWEST_DEGREES, WIDEST_DEGREES, KERNELS)
    wanted = np.clip(PILOT_DEGREES * np.sqrt(mean / pilot), NARROWEST_DEGREES, WIDEST_DEGREES)
    nearest = np.abs(np.log(wanted[..., None] / widths)).argmin(-1)
    density, own = np.zeros_like(counts), np.zeros_like(counts)
    for index, width in enumerate(widths):
        density += _smooth(np.where(nearest == index, counts, 0.0), width)
        own[nearest == index] = _kernel(nodes, width)[0, 0]
    return density / len(torsions), own / len(torsions)


def _smooth(counts: Array, width: float) -> Array:
    spectrum = np.fft.rfft2(counts) * np.fft.rfft2(_kernel(len(counts), width))
    return np.maximum(np.fft.irfft2(spectrum, s=counts.shape), 0.0)


def _kernel(nodes: int, width: float) -> Array:
    """(node, node), Gaussian about node 0 wrapped round the torus, its integral over square degrees 1."""
    angle = np.arange(nodes) * FINE_DEGREES
    line = sum(np.exp(-0.5 * ((angle + turn) / width) ** 2) for turn in (-720, -360, 0, 360))
    kernel = np.outer(line, line)
    return kernel / (kernel.sum() * FINE_DEGREES**2)


def make_table(torsions: Array) -> RamachandranTable:
    """The table of (res, 3) phi, psi, class."""
    steps = TABLE_DEGREES // FINE_DEGREES
    log_density, favoured, allowed, residues = [], [], [], []
    for number in range(len(CLASSES)):
        points = torsions[torsions[:, 2] == number, :2]
        density, own = smoothed_density(points)
        coarse = np.log(np.maximum(density, _EMPTY))[::steps, ::steps]
        coarse = coarse.astype(np.float16).astype(np.float64)  # as the file keeps it
        log_density.append(coarse)
        phi, psi = points.T
        at_points = np.exp(interpolate_periodic(coarse[None], phi, psi, np.zeros(len(points), int)))
        i, j = (np.round((points + 180) / FINE_DEGREES).astype(int) % len(own)).T
        others = np.log(np.maximum(at_points - own[i, j], _EMPTY))
        favoured.append(np.quantile(others, 1 - FAVOURED_SHARE))
        allowed.append(np.quantile(others, 1 - ALLOWED_SHARE))
        residues.append(len(points))
    return RamachandranTable(np.array(log_density), np.array(favoured), np.array(allowed), np.array(residues))


def rows(table: RamachandranTable, held_out: Array) -> Iterator[str]:
    """One line for each class: area of the regions, and shares of residues that had no part in the table."""
    titles = ("made from", "area fav.", "area all.", "held out", "favoured", "outlier")
    yield f"{'class':<12}" + "".join(f"{title:>10}" for title in titles)
    for number, name in enumerate(CLASSES):
        phi, psi, classes = held_out[held_out[:, 2] == number].T
        density = interpolate_periodic(table.log_density, phi, psi, classes.astype(int))
        areas = [
            (table.log_density[number] >= level[number]).mean() for level in (table.favoured, table.allowed)
        ]
        shares = ((density >= table.favoured[number]).mean(), (density < table.allowed[number]).mean())
        yield (
            f"{name:<12}{table.residues[number]:>10}{areas[0]:>10.1%}{areas[1]:>10.1%}"
            f"{len(phi):>10}{shares[0]:>10.2%}{shares[1]:>10.2%}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with index.csv.gz and the shards")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the table to write")
    arguments = parser.parse_args()
    chains = open_chains(arguments.data, ("train",))
    table = make_table(torsions_of(chains, filtered=True))
    np.savez_compressed(
        arguments.output,
        log_density=table.log_density.astype(np.float16),
        favoured=table.favoured.astype(np.float32),
        allowed=table.allowed.astype(np.float32),
        residues=table.residues,
        data_sha256=np.array(chains.sha256),
    )
    print(f"{arguments.output}: {arguments.output.stat().st_size} bytes, data {chains.sha256[:12]}")
    held_out = torsions_of(open_chains(arguments.data, ("valid",)), filtered=False)
    print("\n".join(rows(table, held_out)))


if __name__ == "__main__":
    main()
