import gzip

from sciml.data.casp_sections import CaspHead, casp_header, casp_sections, find_sections

ATOM = "ATOM      1  CA  ALA A   1       0.000   0.000   0.000  1.00 50.00           C"


def submission(target, author="me", number=1):
    return [
        "PFRMAT TS",
        f"TARGET {target}",
        f"AUTHOR {author}",
        f"MODEL {number}",
        "PARENT N/A",
        ATOM,
        "TER",
        "END",
    ]


def found(lines):
    return [
        (one.target, one.author, one.model_number, one.first_line, one.last_line)
        for one in find_sections(lines)
    ]


def test_joined_submissions_are_told_apart_with_their_lines():
    lines = ["REMARK joined", *submission("T1"), "", *submission("T2", "you two", 3)]
    assert found(lines) == [("T1", "me", 1, 1, 10), ("T2", "you two", 3, 11, 18)]


def test_a_target_record_after_coordinates_begins_a_submission_without_pfrmat():
    lines = ["TARGET T1", "MODEL 1", ATOM, "END", "TARGET T2 second", "MODEL 1", ATOM, "END"]
    assert found(lines) == [("T1", None, 1, 1, 4), ("T2", None, 1, 5, 8)]


def test_several_models_after_one_header_are_one_submission():
    lines = [*submission("T1"), "MODEL 2", "PARENT N/A", ATOM, "TER", "END"]
    assert found(lines) == [("T1", "me", 1, 1, len(lines))]


def test_coordinates_before_the_first_header_are_a_part_of_their_own():
    assert found([ATOM, *submission("T1")]) == [(None, None, None, 1, 1), ("T1", "me", 1, 2, 9)]


def test_files_plain_gzip_with_windows_line_ends_and_utf_16(tmp_path):
    text = "\r\n".join([*submission("T1"), *submission("T2")])
    (tmp_path / "plain").write_bytes(text.encode())
    (tmp_path / "packed.gz").write_bytes(gzip.compress(text.encode()))
    (tmp_path / "wide").write_bytes(text.encode("utf-16"))
    for name in ("plain", "packed.gz", "wide"):
        assert [one.target for one in casp_sections(tmp_path / name)] == ["T1", "T2"]
        assert casp_header(tmp_path / name) == CaspHead("T1", "me")


def test_other_files_have_no_submissions(tmp_path):
    (tmp_path / "one.ts").write_text("\n".join(submission("T1")))
    (tmp_path / "a.pdb").write_text(f"AUTHOR    J.DOE\n{ATOM}\nREMARK PFRMAT TARGET\nPFRMAT TS\n")
    (tmp_path / "damaged.gz").write_bytes(b"\x1f\x8b damaged")
    assert [casp_sections(tmp_path / name) for name in ("one.ts", "a.pdb", "damaged.gz")] == [(), (), ()]
    assert casp_header(tmp_path / "a.pdb") is None
