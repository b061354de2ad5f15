import subprocess
import sys

import pytest

from sciml.symbolic.vocabulary import (
    ARITY,
    ID,
    TASK_ID,
    TOKENS,
    PrefixError,
    decode,
    encode,
    end_of_operand,
    is_expression,
)


def test_ids_of_stored_models_do_not_move():
    names = "<pad> <start> <end> <integrate> x pi INT+ 0 9 add pow neg sqrt sign"
    assert [ID[name] for name in names.split()] == [0, 1, 2, 3, 6, 15, 16, 18, 27, 28, 31, 32, 33, 49]
    assert len(TOKENS) == len(ID) == len(ARITY) == 50
    assert TASK_ID == {"integrate": 3, "ode1": 4, "ode2": 5}


def test_names_and_ids_are_inverse():
    text = "add mul INT- 1 2 x sqrt div a INT+ 3"
    assert decode(encode(text)) == text
    with pytest.raises(PrefixError, match="'foo' is no token"):
        encode("add x foo")


def test_operands_end_where_their_last_leaf_ends():
    tokens = encode("mul pow x INT+ 1 0 add sin x c1")
    assert end_of_operand(tokens) == len(tokens)
    assert decode(tokens[1 : end_of_operand(tokens, 1)]) == "pow x INT+ 1 0"
    assert decode(tokens[6 : end_of_operand(tokens, 6)]) == "add sin x c1"


@pytest.mark.parametrize("text", ["x", "INT+ 0", "INT- 1 0 0", "pow x div INT+ 1 INT+ 2", "neg abs sign y''"])
def test_expressions_are_recognised(text):
    assert is_expression(encode(text))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "1 operands are missing"),
        ("add x", "1 operands are missing"),
        ("INT+", "without digits"),
        ("INT+ x", "without digits"),
        ("INT+ 0 1", "leading zero"),
        ("INT- 0", "minus zero"),
        ("1 2", "cannot begin an operand"),
        ("neg <end>", "cannot begin an operand"),
    ],
)
def test_what_is_no_expression_is_refused_with_its_reason(text, reason):
    with pytest.raises(PrefixError, match=reason):
        end_of_operand(encode(text))


def test_a_second_expression_behind_the_first_is_no_expression():
    assert not is_expression(encode("x x"))
    assert not is_expression(bytes([255, 1, 65]))


def test_importing_the_vocabulary_loads_neither_torch_nor_numpy():
    command = "import sys, sciml.symbolic.vocabulary; print({'torch', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
