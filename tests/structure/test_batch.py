"""Many records through one run: what is redone, what is kept, what is said."""

import importlib.metadata
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sciml.data.alignment import Alignment
from sciml.data.sequence_database import open_database
from sciml.data.sequences import read_sequences
from sciml.errors import InputError, SettingsError
from sciml.structure import batch as batch_module
from sciml.structure.batch import BatchPrediction, BatchSettings
from sciml.structure.network import PredictSettings, load_network
from sciml.structure.outputs import OutputOptions
from sciml.structure.predict import PredictionError, predict_record
from sciml.structure.violations import count_violations
from tests.structure.saved_networks import WITHOUT_ERROR_HEAD, manifest, save_random

BASE = BatchSettings(
    PredictSettings(recycles=0, device="cpu", precision="float32"),
    OutputOptions(cif=False, figures=False, distograms="none"),
)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SCIML_CACHE", str(tmp_path / "cache"))
    save_random(tmp_path / "net.safetensors")
    Path("in.fasta").write_text(">one\nMKTAYIAKQR\n>two\nMKTAW\n>three\nGGSG\n")
    return tmp_path


def run(settings=BASE, path="in.fasta", model="net.safetensors", out="out", on_pass=None):
    """Exit code and what was said."""
    said = []
    networks = [load_network(model, settings.predict)]
    code = BatchPrediction(read_sequences(path), networks, settings, Path(out), said.append, on_pass).run()
    return code, said


def changed(**settings):
    return replace(BASE, predict=replace(BASE.predict, **settings))


# What is refused at once


def test_settings_that_contradict_each_other_are_refused():
    Path("db.fasta").write_text(">a\nMKTA\n")
    with pytest.raises(SettingsError, match="--msa and --db exclude each other"):
        replace(BASE, msa=Path("a.a3m"), databases=(open_database("db.fasta"),))
    with pytest.raises(SettingsError, match="relaxation is none or torch, not 'amber'"):
        replace(BASE, relax="amber")


def test_what_no_record_could_use_is_refused_before_the_folder_is_made():
    Path("a.a3m").write_text(">a\nMKTAW\n")
    with pytest.raises(SettingsError, match=r"a\.a3m is one alignment, the input has 3 records"):
        run(replace(BASE, msa=Path("a.a3m")))
    with pytest.raises(InputError, match=r"none: no such file or folder of alignments"):
        run(replace(BASE, msa=Path("none")))
    save_random(Path("without.safetensors"), config=WITHOUT_ERROR_HEAD)
    with pytest.raises(SettingsError, match="without has no head for pTM"):
        run(changed(rank_by="ptm"), model="without.safetensors")
    assert not Path("out").exists()


# One record never stops another


def test_a_record_that_fails_on_the_way_is_named_and_the_others_are_done(monkeypatch):
    original = predict_record

    def fail(networks, alignment, *, record_id, **more):
        if record_id == "two":
            raise PredictionError("two: out of memory with 5 residues")
        return original(networks, alignment, record_id=record_id, **more)

    monkeypatch.setattr(batch_module, "predict_record", fail)
    code, said = run()
    assert code == 3
    found = [(line["id"], line["status"]) for line in manifest(Path("out"))]
    assert found == [("one", "done"), ("two", "failed"), ("three", "done")]
    assert manifest(Path("out"))[1]["reason"] == "two: out of memory with 5 residues"
    assert "[2/3] two: failed: two: out of memory with 5 residues" in said
    monkeypatch.setattr(batch_module, "predict_record", original)
    code, said = run()  # the failed one is tried again, the others are finished
    assert code == 0
    assert [line for line in said if "finished before" in line] == [
        "[1/3] one: finished before, nothing to do",
        "[3/3] three: finished before, nothing to do",
    ]
    assert [line["status"] for line in manifest(Path("out"))] == ["done"] * 3


def test_a_disk_that_cannot_be_written_stops_the_run(monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(batch_module, "write_predictions", full)
    with pytest.raises(OSError, match="No space left"):
        run()
    assert not list(Path("out").glob("*.done.json"))


# What is redone


def test_what_decides_a_result_is_in_its_digest_and_what_does_not_is_not():
    Path("msas").mkdir()
    for name, rows in (
        ("one", ">q\nMKTAYIAKQR\n>r\nMKTSYIAKQR\n"),
        ("two", ">q\nMKTAW\n"),
        ("three", ">q\nGGSG\n"),
    ):
        Path("msas", f"{name}.a3m").write_text(rows)
    Path("db.fasta").write_text(">a\nMKTAYIAKQRMKTAYIAKQR\n")

    def digest(settings=BASE, model="net.safetensors", record=0):
        networks = [load_network(model, settings.predict)]
        job = BatchPrediction(read_sequences("in.fasta"), networks, settings, Path("out"), print)
        return job._digest(job.batch.records[record])

    base = digest()
    with_msa = digest(replace(BASE, msa=Path("msas")))
    variants = [
        *(changed(seed=1), changed(seeds=2), changed(recycles=1), changed(tolerance_angstrom=0.5)),
        *(
            changed(dropout=True),
            changed(max_msa_clusters=4),
            changed(max_extra_msa=4),
            changed(rank_by="ptm"),
        ),
        *(changed(precision="bfloat16"), replace(BASE, relax="torch")),
        replace(BASE, outputs=replace(BASE.outputs, cif=True)),
        replace(BASE, databases=(open_database("db.fasta"),)),
    ]
    digests = {base, with_msa, digest(record=1), *map(digest, variants)}
    assert len(digests) == 3 + len(variants)

    Path("msas", "one.a3m").write_text(">q\nMKTAYIAKQR\n>r\nMKTSYIAKRR\n")
    assert digest(replace(BASE, msa=Path("msas"))) not in digests
    shutil.move("msas", "moved")
    Path("moved", "one.a3m").write_text(">q\nMKTAYIAKQR\n>r\nMKTSYIAKQR\n")
    assert digest(replace(BASE, msa=Path("moved"))) == with_msa, "the place of an alignment does not matter"
    Path("elsewhere").mkdir()
    shutil.copy("net.safetensors", "elsewhere")
    assert digest(model="elsewhere/net.safetensors") == base
    save_random(Path("elsewhere/net.safetensors"), seed=5)
    assert digest(model="elsewhere/net.safetensors") != base
    assert digest(replace(BASE, force=True)) == base


def test_a_seed_repeats_every_byte_of_structures_and_scores():
    assert run()[0] == run(out="again")[0] == 0
    assert run(changed(seed=1), out="other")[0] == 0
    names = [
        path.name
        for path in Path("out").iterdir()
        if path.suffix in (".pdb", ".a3m") or "scores" in path.name
    ]
    assert len(names) == 9
    for name in names:
        assert Path("out", name).read_bytes() == Path("again", name).read_bytes()
    assert Path("out/one.a3m").read_bytes() == Path("other/one.a3m").read_bytes()
    first, other = (next(Path(out).glob("one_unrelaxed*.pdb")).read_text() for out in ("out", "other"))
    assert [line for line in first.splitlines() if line.startswith("ATOM")] != [
        line for line in other.splitlines() if line.startswith("ATOM")
    ], "the single row is masked by the seed"


# What is said


def test_passes_are_reported_as_they_are_made():
    passes = []
    run(changed(recycles=2), on_pass=lambda *told: passes.append(told[:2]))
    assert passes == [("net", index) for _ in range(3) for index in range(3)]


def test_violations_and_the_alignment_are_those_of_the_structure():
    Path("one.a3m").write_text(">one\nMKTAYIAKQR\n>r\nMKTSYI----\n")
    code, said = run(path="one.a3m")
    (line,) = manifest(Path("out"))
    network = load_network("net.safetensors", BASE.predict)
    alignment = Alignment.from_rows(("MKTAYIAKQR", "MKTSYI----"), ("one", "r"))
    (one,) = predict_record([network], alignment, record_id="one", name="one", settings=BASE.predict)
    report = count_violations(one.aatype, one.atom_positions, one.atom_mask, one.residue_index)
    results = line["results"]
    assert results["violations_total"] == report.total > 0
    assert results["mean_plddt"] == pytest.approx(float(np.mean(one.plddt)), abs=0.005)
    assert (results["msa_rows"], results["msa_source"]) == (2, "one.a3m")
    assert results["msa_coverage"] == pytest.approx((1 + 0.6) / 2)
    assert (
        f"[1/1] one: mean pLDDT {one.mean_plddt:.1f}, pTM {one.ptm:.2f}, {report.total} violations" in said[0]
    )
    assert code == 0


def test_the_provenance_names_parameters_seeds_versions_and_times():
    run(changed(seed=4, seeds=2))
    stored = json.loads(Path("out/one_provenance.json").read_text())
    mark = json.loads(Path("out/one.done.json").read_text())
    network = load_network("net.safetensors", BASE.predict)
    assert [one["seed"] for one in stored["predictions"]] in ([4, 5], [5, 4])
    for one in stored["predictions"]:
        assert one["parameters"]["sha256"] == network.source.sha256
        assert one["parameters"]["meaning"].startswith("UNTRAINED PARAMETERS")
        assert one["seconds"].keys() == {"msa", "features", "network", "confidence"}
        assert one["seconds"]["network"] > 0
    assert stored["libraries"]["torch"] == importlib.metadata.version("torch")
    assert (stored["device"], stored["precision"]) == ("cpu", "float32")
    assert stored["settings"]["predict"]["seed"] == 4
    assert stored["input_digest"] == mark["digest"]
    assert stored["settings"] == json.loads(Path("out/config.json").read_text())


def test_the_relaxed_structure_is_reported_with_both_counts():
    Path("one.fasta").write_text(">one\nMKTAYIAK\n")
    code, said = run(replace(BASE, relax="torch"), path="one.fasta")
    report = json.loads(Path("out/one_relaxed_rank_001_net_seed_000.json").read_text())
    before, after = report["before"]["total"], report["after"]["total"]
    assert f"relaxed rank 1: {before} -> {after} violations" in said[0]
    assert manifest(Path("out"))[0]["results"]["violations_total"] == before, (
        "the summary is of the prediction"
    )
    assert code == 0
