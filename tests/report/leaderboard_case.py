"""A leaderboard of made-up chains and groups, of any size."""

import numpy as np

from sciml.report.leaderboard_data import (
    Duel,
    Gap,
    Leaderboard,
    ModelEntry,
    RankedGroup,
    ReliabilityCurve,
    ScoreColumn,
    TargetEntry,
    Unit,
)

GDT = ScoreColumn("gdt_ts", "GDT_TS", "%", 100.0, 2, 1, True, "share of Cα within 1, 2, 4, 8 Å", "Zemla 2003")
RMSD = ScoreColumn("rmsd_ca", "RMSD", "Å", 1.0, 2, -1, False, "root mean square deviation of Cα", "Kabsch")


def winding_chain(residues, seed):
    """(res, 3): helices and loops, 3.8 Å from Cα to Cα."""
    generator = np.random.default_rng(seed)
    direction, positions, axis = np.array([1.0, 0, 0]), [np.zeros(3)], generator.normal(size=3)
    for place in range(residues - 1):
        if place % 17 == 0:
            axis = generator.normal(size=3)
            axis -= 0.02 * positions[-1]
            axis /= np.linalg.norm(axis)
        turn = 1.0 if (place // 17) % 2 == 0 else 0.25
        across = np.cross(axis, direction)
        direction = direction * np.cos(turn) + across * np.sin(turn) + 0.25 * axis
        direction /= np.linalg.norm(direction)
        positions.append(positions[-1] + 3.8 * direction)
    return np.array(positions)


def make_leaderboard(targets=3, groups=3, residues=60, title="Test of methods"):
    """Group 0 is the best; the last group lacks the last target; the first model of group 1 failed on the
    first target."""
    generator = np.random.default_rng(0)
    names = [f"group {index}" if index else "best & <first>" for index in range(groups)]
    entries, models, gaps = [], [], []
    for t in range(targets):
        native = winding_chain(residues + 7 * t, t)
        native[10] = np.nan
        entries.append(
            TargetEntry(f"T{t}", "A" * len(native), tuple(range(5, 5 + len(native))), native, (t,))
        )
        for g in range(groups):
            if 0 < g == groups - 1 and t == targets - 1:
                gaps.append(Gap(f"T{t}", names[g], 0, "", "no model"))
                continue
            if g == 1 and t == 0:
                models.append(ModelEntry(t, g, 1, "bad.pdb", {}, reason="bad.pdb: line 3: no atoms"))
                gaps.append(Gap("T0", names[1], 1, "bad.pdb", "bad.pdb: line 3: no atoms"))
                continue
            noise = np.cumsum(generator.normal(scale=0.05 * (g + 1), size=native.shape), axis=0)
            off = np.linalg.norm(noise, axis=1)
            lddt = np.where(np.isnan(native[:, 0]), np.nan, np.exp(-off / 4))
            values = {t: {"gdt_ts": float(np.nanmean(off < 2)), "rmsd_ca": float(np.sqrt(np.mean(off**2)))}}
            plddt = np.clip(np.exp(-off / 4) + 0.05, 0, 1)
            models.append(
                ModelEntry(
                    t, g, 1, f"T{t}TS{g:03d}_1.pdb", values, "", "number", (), native + noise, lddt, plddt
                )
            )
    ranks = tuple(
        RankedGroup(g, g + 1, 3.0 - g, 2.5 - g, 3.5 - g, 1, groups, targets, 0) for g in range(groups)
    )
    duels = {
        (i, j): Duel(targets, *((targets, 0, 0) if i < j else (0, 0, targets)), 0.01, 0.1, 0.05, 0.2, 0.25)
        for i in range(groups)
        for j in range(groups)
        if i != j
    }
    bins = tuple((10 * k, (k + 0.5) / 10, min(1.0, (k + 1) / 10)) for k in range(10))
    return Leaderboard(
        title=title,
        subtitle=f"{targets} targets",
        footer="made by a test",
        ranking_note="Sum of z.",
        scores=(GDT, RMSD),
        headline=("gdt_ts", "rmsd_ca"),
        groups=names,
        targets=entries,
        units=[Unit(f"T{t}", t, "") for t in range(targets)],
        ranked_units=list(range(targets)),
        models=models,
        rankings={("gdt_ts", -2.0, "first"): ranks, ("gdt_ts", 0.0, "first"): ranks[::-1]},
        duels={"gdt_ts": duels},
        tie_widths={"gdt_ts": 0.01},
        reliability={None: ReliabilityCurve(bins, 0.05, -0.05, 0.99)},
        gaps=gaps,
    )
