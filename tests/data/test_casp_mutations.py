"""QA files and domain definitions: 1,000 seeded mutations each, and bytes that are no format at all."""

import gzip
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sciml.data.casp_domains import read_domains
from sciml.data.casp_header import CaspHeader
from sciml.data.casp_qa import QualityEstimate, format_qa, read_qa
from sciml.data.casp_rr import read_rr
from sciml.data.casp_ts import check_ts
from sciml.data.structure_files import read_structures
from sciml.errors import InputError
from tests.data.test_evaluation_mutations import TS, outcomes

ESTIMATES = [QualityEstimate(f"T1TS00{n}_1", 0.5, tuple(float(k) for k in range(30))) for n in range(5)]
QA = format_qa(CaspHeader("T1", "1234-5678-9012", ("x",)), ESTIMATES).encode()
DOMAINS = b"T1024 408 residues, D1: 1-193, D2: 200-220,230-408\nT1030-D1: 1-150\nT1030-D2:\t160-200\n# end\n"


def test_mutated_quality_estimates_keep_the_rules_or_are_refused(tmp_path):
    read = 0
    for _, _, result in outcomes(tmp_path / "a.qa", QA, read_qa):
        if isinstance(result, InputError):
            continue
        read += 1
        names = [estimate.model for estimate in result.estimates]
        assert len(set(names)) == len(names)
        assert len({len(estimate.errors) for estimate in result.estimates}) == 1
        for estimate in result.estimates:
            assert math.isnan(estimate.score) or 0 <= estimate.score <= 1
            assert all(math.isnan(error) or 0 <= error < 1e9 for error in estimate.errors)
    assert 50 < read < 950


def test_mutated_domains_are_disjoint_or_are_refused(tmp_path):
    read = 0
    for _, _, result in outcomes(tmp_path / "d.txt", DOMAINS, read_domains):
        if isinstance(result, InputError):
            continue
        read += 1
        for domains in result.values():
            numbers = [number for name, one in domains.items() if name != "D0" for number in one.residues]
            assert len(set(numbers)) == len(numbers) > 0 or set(domains) == {"D0"}
    assert 50 < read < 950


def test_the_checker_of_submissions_refuses_or_accepts_mutated_files(tmp_path):
    def check(path):
        check_ts(path.read_text(encoding="utf-8", errors="replace"), str(path))

    accepted = sum(result is None for _, _, result in outcomes(tmp_path / "a.ts", TS, check))
    assert 20 < accepted < 800


@pytest.mark.parametrize("read", [read_structures, read_rr, read_qa, read_domains])
@settings(max_examples=60, deadline=None)
@given(data=st.one_of(st.binary(max_size=300), st.text(max_size=300).map(str.encode)))
def test_any_bytes_are_refused_or_read(tmp_path_factory, read, data):
    path = tmp_path_factory.mktemp("any") / "file"
    path.write_bytes(data)
    try:
        read(path)
    except InputError as refusal:
        error = refusal
    else:
        return
    assert str(path) in str(error)


@pytest.mark.parametrize("seed", range(20))
def test_damaged_gzip_is_refused_or_read(tmp_path, seed):
    rng = random.Random(seed)
    data = bytearray(gzip.compress(TS, mtime=0))
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    path = tmp_path / "file.gz"
    path.write_bytes(bytes(data[: rng.randrange(1, len(data) + 1)]))
    try:
        assert read_structures(path)
    except InputError as refusal:
        message = str(refusal)
    else:
        return
    assert str(path) in message
