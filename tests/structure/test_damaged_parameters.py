"""Whatever happens to a parameter file, it is read exactly or refused."""

import json
import random
import struct
from dataclasses import replace

import numpy as np
import pytest
import safetensors.torch
import torch

from sciml.errors import InputError
from sciml.structure.parameters import load_parameters, save_parameters
from tests.structure.networks import TINY, random_network

SMALL = replace(
    TINY, c_m=8, c_z=4, c_s=8, c_e=4, c_t=4, evoformer_blocks=1, msa_heads=1, c_msa_head=4, pair_heads=1,
    c_pair_head=4, c_triangle=4, c_template_triangle=4, c_outer=2, ipa_heads=1, c_ipa_head=4, c_angle=4,
    c_plddt=4, name="small",
)  # fmt: skip


@pytest.fixture(scope="module")
def model():
    return random_network(config=SMALL)


@pytest.fixture
def file(model, tmp_path):
    path = tmp_path / "x.safetensors"
    save_parameters(model, path, {"description": "free text"})
    return path


def header_size(content):
    return 8 + struct.unpack("<Q", content[:8])[0]


def assert_read_exactly_or_refused(path, model):
    try:
        loaded = load_parameters(path)
    except InputError:
        return False
    assert loaded.model.config == model.config
    for name, parameter in model.state_dict().items():
        assert torch.equal(loaded.model.state_dict()[name], parameter), name
    return True


@pytest.mark.parametrize("part", ["length", "header", "values"])
def test_flipped_bytes_are_noticed(file, model, part):
    content, source = file.read_bytes(), random.Random(part)
    size = header_size(content)
    start, stop = {"length": (0, 8), "header": (8, size), "values": (size, len(content))}[part]
    read = 0
    for _ in range(40 if part == "length" else 100):
        damaged = bytearray(content)
        damaged[source.randrange(start, stop)] ^= source.randrange(1, 256)
        file.write_bytes(damaged)
        read += assert_read_exactly_or_refused(file, model)
    assert read <= 2  # white space between words, at most


def test_a_setting_that_no_shape_depends_on_is_guarded_too(file):
    content = file.read_bytes()
    changed = content.replace(rb"position_unit_angstrom\": 10.0", rb"position_unit_angstrom\": 30.0")
    assert changed != content
    file.write_bytes(changed)
    with pytest.raises(InputError, match="do not match its checksum"):
        load_parameters(file)


def test_truncated_files_are_refused(file, model, tmp_path):
    content = file.read_bytes()
    npz = tmp_path / "x.npz"
    save_parameters(random_network(), npz)
    for path, whole in ((file, content), (npz, npz.read_bytes())):
        for share in (0.001, 0.1, 0.5, 0.9, 0.9999):
            path.write_bytes(whole[: int(share * len(whole))])
            with pytest.raises(InputError, match=str(path)):
                load_parameters(path)
    file.write_bytes(content + b"\0")
    with pytest.raises(InputError, match=str(file)):
        load_parameters(file)


@pytest.mark.parametrize("compressed", [True, False])
def test_flipped_bytes_of_a_published_file_are_noticed(tmp_path, compressed):
    model, path = random_network(), tmp_path / "x.npz"
    save_parameters(model, path)
    if compressed:
        with np.load(path) as arrays:
            np.savez_compressed(path, **{name: arrays[name] for name in arrays.files})
    content, source = path.read_bytes(), random.Random(0)
    for _ in range(20):
        damaged = bytearray(content)
        damaged[source.randrange(len(content))] ^= source.randrange(1, 256)
        path.write_bytes(damaged)
        assert_read_exactly_or_refused(path, model)  # a date of the archive may change


def rewrite(file, model, change):
    """The file with changed metadata, written by someone who knows neither checksum nor sizes."""
    with safetensors.safe_open(file, framework="pt") as opened:
        metadata = dict(opened.metadata())
    safetensors.torch.save_file(model.state_dict(), file, metadata=change(metadata))


def test_files_of_other_programs_are_refused(file, model):
    rewrite(file, model, lambda metadata: None)
    with pytest.raises(InputError, match="must say format 'sciml-structure-1'"):
        load_parameters(file)
    for change in (
        lambda metadata: {"format": "sciml-structure-1"},
        lambda metadata: metadata | {"config": "{"},
        lambda metadata: metadata | {"config": json.dumps({"c_m": 8, "novel": 1})},
    ):
        save_parameters(model, file)
        rewrite(file, model, change)
        with pytest.raises(InputError, match=str(file)):
            load_parameters(file)
