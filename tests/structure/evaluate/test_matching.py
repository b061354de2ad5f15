import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sciml.data.protein_atoms import ProteinAtoms
from sciml.data.residue_constants import ATOM_INDEX
from sciml.structure.evaluate.matching import MatchError, match_residues
from tests.data.synthetic_atoms import random_atoms, random_sequence

SEQUENCE = random_sequence(120, seed=3)
OTHER = random_sequence(120, seed=4)


def part(atoms: ProteinAtoms, *ranges: tuple[int, int], **fields) -> ProteinAtoms:
    """Residues by index (from 0, one past the end), with other fields."""
    chosen = atoms.select(np.concatenate([np.arange(*span) for span in ranges]))
    return ProteinAtoms(**{**vars(chosen), **fields})


def renumbered(atoms: ProteinAtoms, offset: int) -> ProteinAtoms:
    return ProteinAtoms(**{**vars(atoms), "residue_index": atoms.residue_index + offset})


def joined(*chains: ProteinAtoms) -> ProteinAtoms:
    arrays = ("positions", "mask", "aatype", "residue_index", "b_factors")
    return ProteinAtoms(
        **{name: np.concatenate([getattr(chain, name) for chain in chains]) for name in arrays},
        chain_ids=tuple(name for chain in chains for name in chain.chain_ids),
    )


def expected_index(target_places, model_places):
    where = {place: index for index, place in enumerate(model_places)}
    return [where.get(place, -1) for place in target_places]


def test_equal_numbers_and_sequences_are_matched_by_number_and_carry_the_models_atoms():
    model = random_atoms(SEQUENCE, seed=1)
    target = part(random_atoms(SEQUENCE, seed=2), (5, 40), (50, 120))
    matched = match_residues(part(model, (0, 60), (70, 110)), target)
    places = [*range(5, 40), *range(50, 120)]
    assert matched.matched_by == "number"
    assert matched.identity == 1.0
    assert matched.model_index.tolist() == expected_index(places, [*range(60), *range(70, 110)])
    there = matched.model_index >= 0
    assert matched.coverage == there.mean()
    chosen = np.array(places)[there]
    np.testing.assert_array_equal(
        matched.positions[there], model.positions[chosen] * model.mask[chosen][..., None]
    )
    np.testing.assert_array_equal(matched.mask[there], model.mask[chosen])
    np.testing.assert_array_equal(matched.b_factors[there], model.b_factors[chosen, 1])
    assert np.isnan(matched.b_factors[~there]).all()
    assert not matched.mask[~there].any()
    assert (matched.aatype[~there] == 20).all()
    assert matched.positions.dtype == matched.mask.dtype == np.float64


@settings(max_examples=60, deadline=None)
@given(
    offset=st.integers(-300, 300),
    gaps=st.lists(st.integers(3, 110), max_size=3),
    widths=st.lists(st.integers(1, 9), min_size=3, max_size=3),
    seed=st.integers(0, 30),
)
def test_a_constant_offset_of_the_numbers_is_found_whatever_is_missing(offset, gaps, widths, seed):
    """The native lacks stretches and is numbered from elsewhere; every residue still finds its own."""
    sequence = random_sequence(120, seed)
    missing = {
        place for start, width in zip(gaps, widths, strict=False) for place in range(start, start + width)
    }
    places = [place for place in range(120) if place not in missing]
    target = renumbered(random_atoms(sequence).select(np.array(places)), offset)
    matched = match_residues(random_atoms(sequence, seed=1), target)
    assert matched.model_index.tolist() == places
    assert matched.matched_by == ("number" if offset == 0 else "alignment")


def test_native_from_37_against_a_model_from_1_says_the_offset():
    matched = match_residues(random_atoms(SEQUENCE), renumbered(random_atoms(SEQUENCE), 36))
    assert matched.matched_by == "alignment"
    assert matched.model_index.tolist() == list(range(120))
    assert any("numbers differ by -36" in note for note in matched.notes)


def test_a_gap_between_equal_letters_is_placed_by_the_numbers():
    """The letters at both ends of the gap are equal, so the sequences alone cannot tell where it lies."""
    sequence = random_sequence(40, 1) + "AGAGAGAGAG" + random_sequence(40, 2)
    places = [*range(44), *range(48, 90)]
    target = renumbered(random_atoms(sequence).select(np.array(places)), 100)
    assert match_residues(random_atoms(sequence), target).model_index.tolist() == places


def test_gaps_are_placed_by_the_numbers_of_each_stretch():
    """Three stretches with offsets of their own and gaps between equal letters."""
    sequence = (
        random_sequence(30, 1) + "AGAGAGAGAG" + random_sequence(30, 2) + "SSSSSSSS" + random_sequence(30, 3)
    )
    places = np.array([*range(34), *range(38, 73), *range(75, 108)])
    numbers = places + np.where(places < 36, 100, np.where(places < 74, 203, 307))
    target = random_atoms(sequence).select(places)
    target = ProteinAtoms(**{**vars(target), "residue_index": numbers})
    matched = match_residues(random_atoms(sequence), target)
    assert matched.matched_by == "alignment"
    assert matched.model_index.tolist() == places.tolist()


def test_a_complex_of_many_different_chains_is_paired():
    sequences = [random_sequence(300, seed) for seed in range(24)]
    names = "ABCDEFGHIJKLMNOPQRSTUVWX"
    target = joined(*(random_atoms(one, name * 300) for one, name in zip(sequences, names, strict=True)))
    model = joined(
        *(
            renumbered(random_atoms(one, name * 300), 5)
            for one, name in zip(reversed(sequences), names, strict=True)
        )
    )
    matched = match_residues(model, target)
    expected = np.concatenate([np.arange(300) + 300 * chain for chain in reversed(range(24))])
    np.testing.assert_array_equal(matched.model_index, expected)


def test_a_model_of_the_observed_residues_numbered_from_1_is_aligned():
    places = np.array([*range(10, 50), *range(60, 110)])
    target = random_atoms(SEQUENCE).select(places)
    model = random_atoms(target.sequence, seed=7)
    matched = match_residues(model, target)
    assert matched.matched_by == "alignment"
    assert matched.model_index.tolist() == list(range(90))


def test_a_shift_of_the_last_tenth_is_not_hidden_by_the_rest():
    """One residue too many near the end: 90 % of the numbers agree, and the rest would be wrong by one."""
    target = random_atoms(SEQUENCE)
    letter = next(letter for letter in "WFYK" if letter not in SEQUENCE[108:112])
    model = random_atoms(SEQUENCE[:110] + letter + SEQUENCE[110:], seed=1)
    matched = match_residues(model, target)
    assert matched.matched_by == "alignment"
    assert matched.model_index.tolist() == [*range(110), *range(111, 121)]


def test_mutated_residues_keep_backbone_and_cb_and_are_named():
    letters = list(SEQUENCE)
    letters[9], letters[19] = ("W" if letters[9] != "W" else "F"), "G" if letters[19] != "G" else "K"
    matched = match_residues(random_atoms("".join(letters), seed=1), random_atoms(SEQUENCE))
    assert matched.matched_by == "number"
    assert matched.identity == pytest.approx(118 / 120)
    atoms = {name for name, slot in ATOM_INDEX.items() if matched.mask[9, slot]}
    assert atoms <= {"N", "CA", "C", "O", "CB"}
    assert atoms >= {"N", "CA", "C", "O"}
    assert any(f"{SEQUENCE[9]}10{letters[9]}" in note for note in matched.notes)


def test_residues_of_unknown_type_match_by_number_and_count_for_nothing():
    sequence = SEQUENCE[:50] + "XXXXX" + SEQUENCE[55:]
    matched = match_residues(random_atoms(sequence), random_atoms(SEQUENCE))
    assert matched.matched_by == "number"
    assert matched.identity == 1.0
    assert matched.mask[50:55].sum(1).max() <= 5
    assert matched.mask[50:55, ATOM_INDEX["CA"]].all()
    all_unknown = match_residues(random_atoms("X" * 120), random_atoms(SEQUENCE))
    assert np.isnan(all_unknown.identity)
    assert "matched by number alone: no residue has a known type in both" in all_unknown.notes
    assert all_unknown.model_index.tolist() == list(range(120))


def test_one_residue_with_a_wrong_number_is_not_laid_over_another():
    numbers = np.arange(1, 121)
    numbers[40] = 300
    target = random_atoms(SEQUENCE, numbers=np.where(np.arange(120) == 110, 300, np.arange(1, 121)))
    matched = match_residues(random_atoms(SEQUENCE, numbers=numbers, seed=1), target)
    assert matched.model_index[110] in (110, -1)
    assert 40 not in matched.model_index[[110]]


@pytest.mark.parametrize("by", ["auto", "alignment"])
def test_another_protein_is_refused_with_the_numbers(by):
    with pytest.raises(MatchError, match=r"not of this target: chain A .* and A .* \d+% identical.*needed: "):
        match_residues(random_atoms(OTHER), random_atoms(SEQUENCE), by=by)


def test_by_number_takes_another_sequence_at_the_word_of_the_user_and_says_so():
    matched = match_residues(random_atoms(OTHER), random_atoms(SEQUENCE), by="number")
    shared = min(len(OTHER), len(SEQUENCE))
    assert matched.matched_by == "number"
    assert matched.model_index[:shared].tolist() == list(range(shared))
    assert any("as asked, though the sequences differ" in note for note in matched.notes)


def test_by_number_refuses_an_offset_and_by_alignment_ignores_numbers():
    with pytest.raises(MatchError, match=r"a sequence but not its numbers: .* must be matched by alignment"):
        match_residues(random_atoms(SEQUENCE), renumbered(random_atoms(SEQUENCE), 7), by="number")
    shuffled = random_atoms(SEQUENCE, numbers=np.arange(1000, 1240, 2))
    assert match_residues(shuffled, random_atoms(SEQUENCE), by="alignment").model_index.tolist() == list(
        range(120)
    )


def test_a_domain_cuts_the_target_after_matching():
    target = renumbered(random_atoms(SEQUENCE), 100)
    matched = match_residues(random_atoms(SEQUENCE, seed=1), target, residues=range(141, 151))
    assert matched.target.residue_index.tolist() == list(range(141, 151))
    assert matched.model_index.tolist() == list(range(40, 50))
    assert matched.coverage == 1.0
    with pytest.raises(MatchError, match="residues from 1 to 5, of which the target"):
        match_residues(random_atoms(SEQUENCE), target, residues=range(1, 6))


def test_a_model_without_the_domain_has_coverage_0_and_says_so():
    model = part(random_atoms(SEQUENCE), (0, 60))
    matched = match_residues(model, random_atoms(SEQUENCE), residues=range(100, 111))
    assert matched.coverage == 0
    assert not matched.mask.any()
    assert "the model has none of these residues" in matched.notes


def test_a_model_of_one_domain_is_matched_with_the_whole_target():
    model = part(random_atoms(SEQUENCE), (70, 110))
    matched = match_residues(model, random_atoms(SEQUENCE))
    assert matched.coverage == pytest.approx(40 / 120)
    assert matched.matched_by == "number"


def test_one_chain_is_laid_over_the_chain_that_it_is_a_model_of():
    target = joined(random_atoms(OTHER, "A" * 120), random_atoms(SEQUENCE, "B" * 120))
    model = random_atoms(SEQUENCE, "A" * 120, seed=1)
    matched = match_residues(model, target)
    assert (matched.model_chain, matched.target_chain) == ("A", "B")
    assert set(matched.target.chain_ids) == {"B"}
    assert matched.coverage == 1.0
    swapped = match_residues(target, random_atoms(SEQUENCE, "Q" * 120))
    assert (swapped.model_chain, swapped.target_chain) == ("B", "Q")
    assert swapped.model_index.tolist() == list(range(120, 240))


def test_chains_of_an_oligomer_are_paired_by_identity_then_by_identifier():
    target = joined(
        *(random_atoms(one, name * 120) for one, name in ((SEQUENCE, "A"), (OTHER, "B"), (SEQUENCE, "C")))
    )
    model = joined(
        *(random_atoms(one, name * 120) for one, name in ((OTHER, "X"), (SEQUENCE, "C"), (SEQUENCE, "D")))
    )
    matched = match_residues(model, target)
    assert (matched.model_chain, matched.target_chain) == ("D,X,C", "A,B,C")
    assert matched.model_index.tolist() == [*range(240, 360), *range(120), *range(120, 240)]
    two = match_residues(joined(random_atoms(OTHER, "B" * 120), random_atoms(SEQUENCE, "C" * 120)), target)
    assert two.coverage == pytest.approx(2 / 3)
    assert any("without a partner: A" in note for note in two.notes)


def test_insertion_codes_are_part_of_the_number():
    numbers = np.arange(1, 121)
    numbers[60:] -= 1
    codes = tuple("A" if index == 60 else "" for index in range(120))
    target = part(random_atoms(SEQUENCE, numbers=numbers), (0, 120), insertion_codes=codes)
    matched = match_residues(part(target, (0, 120)), target)
    assert matched.matched_by == "number"
    assert matched.model_index.tolist() == list(range(120))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.permutations(list("ABCD")))
def test_renaming_chains_does_not_change_what_is_matched(seed, names):
    sequences = [random_sequence(40, seed + place) for place in range(4)]
    target = joined(*(random_atoms(one, name * 40) for one, name in zip(sequences, "ABCD", strict=True)))
    model = joined(*(random_atoms(one, name * 40) for one, name in zip(sequences, names, strict=True)))
    assert match_residues(model, target).model_index.tolist() == list(range(160))


def test_chains_too_long_to_align_are_refused_at_once():
    long = random_atoms("A" * 9000)
    with pytest.raises(ValueError, match="too many to be aligned"):
        match_residues(renumbered(long, 1_000_000 - 9000), long, by="alignment")
