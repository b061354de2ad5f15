import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sciml.data.casp_header import CaspHeader
from sciml.data.casp_rr import BIN_EDGES_ANGSTROM, ContactPrediction, format_rr, parse_rr, read_rr, write_rr
from sciml.data.distogram_contacts import contacts_of_distogram
from sciml.errors import InputError

HEADER = CaspHeader("T0999", "1234-5678-9012", ("a method",))
OLD = """PFRMAT RR
TARGET T0999
AUTHOR 1234-5678-9000
REMARK Predictor remarks
METHOD Description of methods used
MODEL  1
HLEGSIGILLKKHEIVFDGC
HDFGRTYIWQMSD
1  8   0  8  0.720
1  10  0  8  0.715
31 33  0  8  0.710
ENDMDL
END
"""
BINS = "0.05 0.10 0.25 0.10 0.10 0.10 0.10 0.10 0.05 0.05"
NEW = f"""PFRMAT RR
TARGET T0999
AUTHOR 1234-5678-9000
RMODE 2
MODEL 1
1 8 0.40 {BINS}
2 9 0.40 {BINS}
END
"""
AF_EDGES = np.linspace(2.3125, 21.6875, 63).astype(np.float32)


def test_the_form_up_to_casp13():
    contacts = parse_rr(OLD.splitlines())
    assert contacts.pairs.tolist() == [[1, 8], [1, 10], [31, 33]]
    assert contacts.probabilities.tolist() == [0.72, 0.715, 0.71]
    assert contacts.sequence == "HLEGSIGILLKKHEIVFDGCHDFGRTYIWQMSD"
    assert contacts.contact_angstrom == 8
    assert contacts.bin_probabilities is None
    assert (contacts.header.target, contacts.header.author) == ("T0999", "1234-5678-9000")
    matrix = contacts.matrix(33)
    assert matrix[30, 32] == matrix[32, 30] == 0.71
    assert matrix.sum() == pytest.approx(2 * (0.72 + 0.715 + 0.71))


def test_the_form_since_casp14_with_and_without_distances():
    contacts = parse_rr(NEW.splitlines())
    assert contacts.bin_probabilities.shape == (2, 10)
    assert contacts.bin_probabilities[0, 2] == 0.25
    assert contacts.bin_edges.tolist() == [4, 6, 8, 10, 12, 14, 16, 18, 20]
    plain = parse_rr(NEW.replace("RMODE 2", "RMODE 1").replace(" " + BINS, "").splitlines())
    assert plain.probabilities.tolist() == [0.4, 0.4]
    assert plain.bin_probabilities is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (OLD.replace("1  8   0", "8  1   0"), "line 9: .*smaller number first: 8 1"),
        (OLD.replace("1  10 ", "1  8 "), "line 10: the pair 1 8 is there twice, first in line 9"),
        (OLD.replace("0.715", "1.715"), "line 10: a probability is 0 to 1"),
        (OLD.replace("0.715", "nan"), "line 10: a probability is not a number"),
        (OLD.replace("0.715", "-0.1"), "line 10: a probability is 0 to 1"),
        (OLD.replace("31 33", "31 34"), "line 11: residues 31 and 34 of a target of 33"),
        (OLD.replace("1  10  0  8", "0  10  0  8"), "line 10: residues 0 and 10"),
        (OLD.replace("1  10  0", "1.5  10  0"), "line 10: a residue number"),
        (OLD.replace("1  10  0", "A1  B10  0"), "line 10: a residue number"),
        (OLD.replace("1  10  0  8", "1  10  4  8"), "line 10: the range of a contact"),
        (OLD.replace("1  10  0  8", "1  10  0  6"), "line 10: the range of a contact"),
        (OLD.replace("1  10  0  8  0.715", "1 10 0.715"), "line 10: a pair of 3 words among pairs of 5"),
        (OLD.replace("0.715", "0.715 2"), "line 10: a pair of 6 words"),
        (OLD.replace("HDFG", "HDFZ"), "line 8: a letter of the sequence"),
        (OLD.replace("PFRMAT RR", "PFRMAT TS"), "line 1: the first line .* PFRMAT RR"),
        (OLD.replace("MODEL  1\n", ""), "line 6: 'HLEG.* before MODEL"),
        (OLD.replace("\nEND\n", "\n"), "line 12: cut short: END is missing"),
        (OLD + "1 2 0 8 0.5", "line 14: text after END"),
        (OLD.replace("TARGET T0999\n", ""), "line 5: TARGET must come before"),
        (NEW.replace("0.25", "0.75", 1), "line 6: the 10 probabilities of a pair sum to 1"),
        (NEW.replace(BINS, BINS[:-5], 1), "line 6: a pair has 3, 5 or 13 words"),
        ("PFRMAT RR\nTARGET T1\nAUTHOR x\nMODEL 1\nEND\n", "no pair of residues"),
        ("", "the file is empty"),
    ],
)
def test_broken_rules_are_refused_with_file_and_line(text, message):
    with pytest.raises(InputError, match=f"a.rr: {message}"):
        parse_rr(text.splitlines(), "a.rr")


PAIRS = OLD[OLD.index("1  8") : OLD.index("ENDMDL")]
SEQUENCE = "HLEGSIGILLKKHEIVFDGC\nHDFGRTYIWQMSD\n"


@pytest.mark.parametrize(
    ("text", "sequence", "target"),
    [
        (PAIRS, None, None),
        (SEQUENCE.lower() + PAIRS + "END\n", "HLEGSIGILLKKHEIVFDGCHDFGRTYIWQMSD", None),
        ("RMODE 1\n" + PAIRS.replace("   0  8", "").replace("  0  8", ""), None, None),
        (OLD.replace("PFRMAT RR\n", ""), "HLEGSIGILLKKHEIVFDGCHDFGRTYIWQMSD", "T0999"),
        ("TARGET T0999\n" + PAIRS, None, "T0999"),
    ],
)
def test_a_list_without_pfrmat_holds_the_same_pairs_and_says_so(text, sequence, target):
    bare, whole = parse_rr(text.splitlines()), parse_rr(OLD.splitlines())
    assert bare.pairs.tolist() == whole.pairs.tolist()
    assert bare.probabilities.tolist() == whole.probabilities.tolist()
    assert bare.sequence == sequence
    assert (bare.header and bare.header.target) == target
    assert bare.notes[0] == "no PFRMAT RR: read as a list of contacts"
    assert ("no END" in bare.notes[-1]) == ("END" not in text)
    assert whole.notes == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hello\n" + PAIRS, "line 1: the first line of this file must be PFRMAT RR: 'hello'"),
        ("1 8 0.5 of 3\n" + PAIRS, "line 1: the range of a contact|line 1: a probability is not a number"),
        ("i j 0 8 p\n" + PAIRS, "line 1: the first line of this file must be PFRMAT RR"),
        ("0.1 0.2 0.3\n", "line 1: the first line of this file must be PFRMAT RR"),
        (PAIRS + "31 34 0 8\n", "line 4: a pair of 4 words among pairs of 5"),
        (PAIRS + SEQUENCE, "line 4: a pair of 1 words"),
        (OLD.replace("PFRMAT RR\n", "").replace("\nEND\n", "\n"), "line 11: cut short: END is missing"),
        (SEQUENCE, "no pair of residues"),
        ("PFRMAT TS\n" + PAIRS, "line 1: the first line of this file must be PFRMAT RR"),
    ],
)
def test_what_may_be_something_else_is_refused_without_pfrmat(text, message):
    with pytest.raises(InputError, match=f"a.rr: ({message})"):
        parse_rr(text.splitlines(), "a.rr")


def test_a_list_without_target_cannot_be_written_as_rr():
    with pytest.raises(InputError, match="names its target"):
        format_rr(parse_rr(PAIRS.splitlines()))


def test_a_residue_beyond_the_target_is_refused():
    with pytest.raises(InputError, match="line 6: residues 1 and 8 of a target of 7 residues"):
        parse_rr(NEW.splitlines(), residues=7)
    with pytest.raises(InputError, match="residue 9 of a target of 8"):
        parse_rr(NEW.splitlines()).matrix(8)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000), residues=st.integers(8, 30), has_bins=st.booleans())
def test_what_is_written_is_read_back_most_probable_first(tmp_path_factory, seed, residues, has_bins):
    random = np.random.default_rng(seed)
    first, second = np.triu_indices(residues, 6)
    bins = random.dirichlet(np.ones(10), len(first))
    contacts = ContactPrediction(
        HEADER,
        np.stack([first, second], axis=1) + 1,
        bins[:, :3].sum(1),
        bin_probabilities=bins if has_bins else None,
        bin_edges=np.array(BIN_EDGES_ANGSTROM) if has_bins else None,
        sequence="G" * residues,
    )
    path = write_rr(tmp_path_factory.mktemp("rr") / "a.rr", contacts)
    back = read_rr(path, residues)
    assert (np.diff(back.probabilities) <= 0).all()
    np.testing.assert_allclose(back.matrix(residues), contacts.matrix(residues), atol=5.1e-5)
    assert back.sequence == contacts.sequence
    if has_bins:
        order = np.lexsort(back.pairs.T[::-1])
        np.testing.assert_allclose(back.bin_probabilities[order], bins, atol=5.1e-5)


def test_a_distogram_certain_of_a_distance_is_a_contact_or_not():
    """All probability in a bin between 6 and 8 Å, then in one that 10 Å divides."""
    logits = np.full((10, 10, 64), -100.0, np.float32)
    near = int(np.searchsorted(AF_EDGES, 6.2))
    far = int(np.searchsorted(AF_EDGES, 10.0))
    logits[0, 9, near] = logits[9, 0, near] = 100
    logits[1, 9, far] = logits[9, 1, far] = 100
    contacts = contacts_of_distogram(HEADER, logits, AF_EDGES, min_probability=0.0)
    rows = {tuple(pair): row for row, pair in enumerate(contacts.pairs.tolist())}
    assert contacts.probabilities[rows[1, 10]] == pytest.approx(1.0)
    assert contacts.bin_probabilities[rows[1, 10]].round(6).tolist() == [0, 0, 1, 0, 0, 0, 0, 0, 0, 0]
    assert contacts.probabilities[rows[2, 10]] == pytest.approx(0.0)
    below_10 = (10 - AF_EDGES[far - 1]) / (AF_EDGES[far] - AF_EDGES[far - 1])
    assert contacts.bin_probabilities[rows[2, 10], 3:5] == pytest.approx([below_10, 1 - below_10], abs=1e-6)


def test_bins_of_a_distogram_sum_to_1_and_contain_the_contact():
    logits = np.random.default_rng(0).normal(size=(20, 20, 64)).astype(np.float32)
    contacts = contacts_of_distogram(HEADER, logits, AF_EDGES, sequence="G" * 20)
    np.testing.assert_allclose(contacts.bin_probabilities.sum(1), 1, atol=1e-12)
    np.testing.assert_allclose(contacts.bin_probabilities[:, :3].sum(1), contacts.probabilities, atol=1e-12)
    assert (contacts.pairs[:, 1] - contacts.pairs[:, 0]).min() == 6
    turned = contacts_of_distogram(HEADER, logits.swapaxes(0, 1), AF_EDGES)
    np.testing.assert_allclose(turned.bin_probabilities, contacts.bin_probabilities, atol=1e-12)
    parse_rr(format_rr(contacts).splitlines(), residues=20)


def test_edges_that_are_those_of_the_format_change_nothing():
    edges = np.array(BIN_EDGES_ANGSTROM, np.float32)
    logits = np.random.default_rng(0).normal(size=(8, 8, 10))
    logits = (logits + logits.swapaxes(0, 1)).astype(np.float32)
    contacts = contacts_of_distogram(HEADER, logits, edges, min_probability=0)
    i, j = contacts.pairs.T - 1
    share = np.exp(logits.astype(np.float64))
    share /= share.sum(-1, keepdims=True)
    np.testing.assert_allclose(contacts.bin_probabilities, share[i, j], atol=1e-9)


def test_what_the_format_cannot_hold_is_not_written():
    pairs, probabilities = np.array([[1, 9]]), np.array([0.5])
    with pytest.raises(InputError, match="below 8 Å: 6 Å"):
        format_rr(ContactPrediction(HEADER, pairs, probabilities, contact_angstrom=6.0))
    with pytest.raises(InputError, match="4, 6, … 20"):
        format_rr(
            ContactPrediction(HEADER, pairs, probabilities, 8.0, np.full((1, 3), 1 / 3), np.array([4.0, 8.0]))
        )
    with pytest.raises(InputError, match="no pair 6 or more apart"):
        contacts_of_distogram(HEADER, np.zeros((5, 5, 64), np.float32), AF_EDGES)
