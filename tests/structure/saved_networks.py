"""Parameter files of small random networks, and what a test reads back of a run's folder."""

import json
from dataclasses import replace

import torch

from sciml.structure.parameters import save_parameters
from tests.structure.networks import TINY, random_network

WITHOUT_ERROR_HEAD = replace(TINY, pae_head=False)
_CLOCK = ("seconds", "written", "command")


def save_random(path, seed=0, config=TINY, plddt_slope=0.0, error_slope=0.0):
    """Writes a random network that says so, and returns the path.

    A positive slope moves the probabilities of pLDDT or of aligned errors to higher bins.
    """
    network = random_network(seed, config)
    slopes = {network.predicted_lddt_head: plddt_slope, network.predicted_aligned_error_head: error_slope}
    with torch.no_grad():
        for head, slope in slopes.items():
            if slope:
                bias = head.logits.bias
                bias.add_(slope * torch.arange(len(bias)))
                head.logits.weight.mul_(0.001)
    save_parameters(network, path, {"description": "Drawn at random.", "trained": "no"})
    return path


def manifest(folder):
    """The lines of the manifest."""
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]


def contents(folder):
    """Bytes of every file of a finished run, but for the clock's.

    Provenance, marks and manifest come as values without `seconds`, `written` (the date) and `command`; a
    mark lists the names of files without their sizes, because the length of a duration changes that of the
    provenance; of the summary the column `seconds` is left out. Structures, scores, arrays, alignments and
    config.json are compared whole.
    """
    found = {}
    for path in sorted(folder.iterdir()):
        if path.name.endswith(("_provenance.json", ".done.json")):
            found[path.name] = _without_clock(json.loads(path.read_text()))
        elif path.name == "manifest.jsonl":
            found[path.name] = [_without_clock(line) for line in manifest(folder)]
        elif path.name == "summary.csv":
            rows = [line.split(",") for line in path.read_text().splitlines()]
            column = rows[0].index("seconds")
            found[path.name] = [row[:column] + row[column + 1 :] for row in rows]
        elif not path.name.endswith(".part"):  # of a killed process
            found[path.name] = path.read_bytes()
    return found


def _without_clock(values):
    if isinstance(values, dict):
        kept = {name: value for name, value in values.items() if name not in _CLOCK}
        return {
            name: sorted(value) if name == "files" else _without_clock(value) for name, value in kept.items()
        }
    return [_without_clock(value) for value in values] if isinstance(values, list) else values
