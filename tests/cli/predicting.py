"""A folder to predict in with a random network, and the quickest way to call `sciml predict` there."""

from pathlib import Path

from sciml.cli.app import main
from tests.structure.saved_networks import save_random

FAST = ("--no-figures", "--no-cif", "--recycles", "0", "--distograms", "none")
UBIQUITIN = "MQIFVKTLTGKTITLEVEPSDTIENVKAKIQDKEGIPPDQQRLIFAGKQLEDGRTLSDYNIQKESTLHLVLRLRGG"


def prepare(folder, monkeypatch):
    """Works in the folder, with a cache of its own, `net.safetensors` and `one.fasta`."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("SCIML_CACHE", str(folder / "cache"))
    save_random(folder / "net.safetensors")
    Path("one.fasta").write_text(">one\nMKTAYIAKQR\n")
    return folder


def predict(*words, model="net.safetensors", fast=FAST):
    """The exit code of `sciml predict`."""
    return main(["predict", "--model", model, *fast, *words])


def pdb_of(name, folder="out", rank="rank_001_net_seed_000", state="unrelaxed"):
    return Path(folder, f"{name}_{state}_{rank}.pdb")
