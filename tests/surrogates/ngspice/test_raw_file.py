"""Raw files, written here by hand as ngspice writes them."""

import numpy as np
import pytest

from sciml.errors import InputError
from sciml.surrogates.ngspice.raw_file import read_raw


def header(names, points, flags, *, dims=None, kind="Binary"):
    rows = []
    for i, name in enumerate(names):
        suffix = f" dims={dims[i]}" if dims and dims[i] is not None else ""
        rows.append(f"\t{i}\t{name}\tvoltage{suffix}")
    lines = [
        "Title: * a circuit", "Date: Sat Nov 21 2026", "Plotname: AC Analysis", f"Flags: {flags}",
        f"No. Variables: {len(names)}", f"No. Points: {points}", "Variables:", *rows, f"{kind}:", "",
    ]  # fmt: skip
    return "\n".join(lines).encode()


def test_real_points_come_back_by_vector():
    table = np.arange(6.0).reshape(3, 2)
    (plot,) = read_raw(header(["time", "v(out)"], 3, "real") + table.tobytes())
    assert plot.name == "AC Analysis"
    np.testing.assert_array_equal(plot.vectors["time"], [0, 2, 4])
    np.testing.assert_array_equal(plot.vectors["v(out)"], [1, 3, 5])


def test_complex_points_are_pairs_also_of_the_frequency():
    table = np.array([[1 + 0j, 2 - 3j], [10 + 0j, 4 + 5j]])
    (plot,) = read_raw(header(["frequency", "v(out)"], 2, "complex") + table.tobytes())
    np.testing.assert_array_equal(plot.vectors["frequency"], [1, 10])
    np.testing.assert_array_equal(plot.vectors["v(out)"], [2 - 3j, 4 + 5j])


@pytest.mark.parametrize("flags", ["real", "real padded"])
def test_padded_vectors_lose_their_padding(flags):
    table = np.array([[1.0, 7.0], [2.0, 0.0], [3.0, 0.0]])
    (plot,) = read_raw(header(["time", "x"], 3, flags, dims=[None, 1]) + table.tobytes())
    np.testing.assert_array_equal(plot.vectors["time"], [1, 2, 3])
    np.testing.assert_array_equal(plot.vectors["x"], [7])


def test_unpadded_vectors_end_where_they_end():
    flat = np.array([1.0, 7.0, 2.0, 3.0])
    (plot,) = read_raw(header(["time", "x"], 3, "real unpadded", dims=[None, 1]) + flat.tobytes())
    np.testing.assert_array_equal(plot.vectors["time"], [1, 2, 3])
    np.testing.assert_array_equal(plot.vectors["x"], [7])


def test_several_plots_and_text_values_are_read():
    text = header(["time", "v(a)"], 2, "real", kind="Values") + b" 0\t1.5\n\t-2e-3\n\n 1\t2.5\n\t4\n\n"
    pairs = header(["frequency", "v(b)"], 1, "complex", kind="Values") + b" 0\t1,0\n\t2,-3\n"
    first, second = read_raw(text + pairs)
    np.testing.assert_array_equal(first.vectors["v(a)"], [-2e-3, 4])
    np.testing.assert_array_equal(second.vectors["v(b)"], [2 - 3j])


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "empty"),
        (b"\n \n", "empty"),
        (b"Title: x\nPlotname: y", "inside a header"),
        (header(["a", "b"], 3, "real") + bytes(40), "cut short: .* bytes of"),
        (
            header(["a"], 1, "real").replace(b"Variables: 1", b"Variables: 2"),
            "2 variables announced, 1 named",
        ),
        (header(["a"], 10**12, "real"), "points"),
        (header(["a"], 1, "real").replace(b"No. Points: 1\n", b""), "incomplete"),
        (header(["a"], 1, "real", kind="Values") + b" 1\t3\n", "point 1 stands where point 0"),
        (header(["a"], 2, "real", kind="Values") + b" 0\t3\n", "cut short or damaged"),
        (header(["a"], 1, "real", kind="Values") + b" 0\t3,1\n", "not a value"),
    ],
)
def test_files_that_are_cut_or_damaged_are_refused(content, rule):
    with pytest.raises(InputError, match=rule):
        read_raw(content, "x.raw")
