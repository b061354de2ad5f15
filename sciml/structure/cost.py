"""What a pass costs before it is run: operations and memory, from the shapes alone.

An operation is one multiplication or addition inside a matrix product; norms, gates and softmax are left out,
so the count over the rate of matrix products is a floor under the time of a pass.
"""

from dataclasses import dataclass

from sciml.structure.chunking import ACCELERATOR_BLOCK_BYTES, CPU_BLOCK_BYTES
from sciml.structure.config import Config

_WORKSPACE_BYTES = 64 * 2**20  # of libraries and threads, measured: see activation_bytes


@dataclass(frozen=True)
class Shape:
    """Size of one pass."""

    residues: int
    """Residues, padding included."""
    msa_rows: int
    """Rows of the MSA, template rows included."""
    extra_rows: int
    """Rows of the extra MSA."""
    templates: int = 0
    """Templates."""


def _affine(positions: int, c_in: int, c_out: int) -> int:
    return 2 * positions * c_in * c_out


def _pair_update(n: int, c: int, hidden: int, heads: int, c_head: int, factor: int) -> int:
    """Triangle multiplications and attentions and the transition of one block."""
    pairs, width = n * n, heads * c_head
    multiplication = 4 * _affine(pairs, c, hidden) + 2 * n**3 * hidden
    multiplication += _affine(pairs, hidden, c) + _affine(pairs, c, c)
    attention = 5 * _affine(pairs, c, width) + _affine(pairs, c, heads) + 4 * n**3 * width
    return 2 * multiplication + 2 * attention + 2 * _affine(pairs, c, c * factor)


def _msa_update(config: Config, n: int, rows: int, is_extra: bool) -> int:
    """Row and column attention, transition and outer product of one block."""
    c_m, c_head = (config.c_e, config.c_extra_head) if is_extra else (config.c_m, config.c_msa_head)
    heads, positions, pairs = config.msa_heads, rows * n, n * n
    width = heads * c_head
    row = 5 * _affine(positions, c_m, width) + _affine(pairs, config.c_z, heads) + 4 * rows * n * n * width
    if is_extra:
        column = (
            _affine(n, c_m, width) + 2 * _affine(positions, c_m, c_head) + 2 * _affine(positions, c_m, width)
        )
        column += 4 * positions * width
    else:
        column = 5 * _affine(positions, c_m, width) + 4 * n * rows * rows * width
    transition = 2 * _affine(positions, c_m, c_m * config.transition_factor)
    c_outer = config.c_outer
    outer = 2 * _affine(positions, c_m, c_outer) + 2 * rows * (n * c_outer) ** 2
    return row + column + transition + outer + _affine(pairs, c_outer * c_outer, config.c_z)


def _structure_module(config: Config, n: int) -> int:
    c_s, heads = config.c_s, config.ipa_heads
    points = config.ipa_query_points + config.ipa_value_points
    projected = heads * (3 * config.c_ipa_head + 3 * (config.ipa_query_points + points))
    mixed = heads * (config.c_ipa_head + 4 * config.ipa_value_points + config.c_z)
    pairwise = heads * (2 * config.c_ipa_head + 3 * config.ipa_value_points + config.c_z)
    layer = _affine(n, c_s, projected) + _affine(n * n, config.c_z, heads) + 2 * n * n * pairwise
    layer += _affine(n, mixed, c_s) + 3 * _affine(n, c_s, c_s)
    layer += 2 * _affine(n, c_s, config.c_angle)
    layer += 2 * config.angle_blocks * _affine(n, config.c_angle, config.c_angle)
    return config.structure_layers * layer


def operations(config: Config, shape: Shape) -> int:
    """Operations inside the matrix products of one pass.

    Args:
        config: sizes of the network.
        shape: size of the pass.
    """
    n = shape.residues
    block = _pair_update(
        n, config.c_z, config.c_triangle, config.pair_heads, config.c_pair_head, config.transition_factor
    )
    total = config.evoformer_blocks * (_msa_update(config, n, shape.msa_rows, is_extra=False) + block)
    total += config.extra_msa_blocks * (_msa_update(config, n, shape.extra_rows, is_extra=True) + block)
    if config.has_templates and shape.templates:
        template = _pair_update(
            n,
            config.c_t,
            config.c_template_triangle,
            config.pair_heads,
            config.c_template_head,
            config.template_transition_factor,
        )
        total += shape.templates * config.template_blocks * template
    heads = _affine(n * n, config.c_z, config.distogram_bins)
    heads += _affine(n * n, config.c_z, config.pae_bins) if config.pae_head else 0
    embedding = _affine(shape.msa_rows * n, 49, config.c_m) + _affine(n * n, 15, config.c_z)
    return total + _structure_module(config, n) + heads + embedding


def activation_bytes(config: Config, shape: Shape, *, element_bytes: int = 4, on_cpu: bool = True) -> int:
    """Largest memory of arrays during one pass at inference, without the parameters.

    The representations stay; at the peak a triangle multiplication adds its two factors and their product, or
    an outer product its two factors, and each has one block of temporaries. With 64 MiB for the workspaces of
    libraries, within a tenth of what the 48-block network took on a CPU at 64, 128 and 256 residues
    (`benchmarks/structure/speed.py` prints both).

    Args:
        config: sizes of the network.
        shape: size of the pass.
        element_bytes: of the products: 4 for float32, 2 for bfloat16. Representations are float32.
        on_cpu: blocks are sized for a processor's cache, else for an accelerator.
    """
    n = shape.residues
    pairs = n * n
    extra = shape.extra_rows * n * config.c_e if config.extra_msa_blocks else 0
    held = 4 * (shape.msa_rows * n * config.c_m + extra + 2 * pairs * config.c_z)  # with the previous pass
    triangle = 3 * pairs * config.c_triangle * element_bytes
    rows = max(shape.msa_rows, shape.extra_rows if config.extra_msa_blocks else 0)
    outer = 2 * rows * n * (config.c_outer + config.c_m) * element_bytes
    heads = 4 * pairs * (2 * config.distogram_bins + (config.pae_bins if config.pae_head else 0))
    structure = 4 * pairs * (config.c_z + config.ipa_heads * (2 + 3 * config.ipa_query_points))
    block = CPU_BLOCK_BYTES if on_cpu else ACCELERATOR_BLOCK_BYTES
    return held + block + _WORKSPACE_BYTES + max(triangle, outer, heads + structure)


def parameter_count(config: Config) -> int:
    """Number of parameters of a network."""
    from sciml.structure.parameters import empty_model

    return sum(parameter.numel() for parameter in empty_model(config).parameters())
