"""One thread for small matrices, and the former number afterwards."""

import os
import subprocess
import sys

import pytest
import torch

from sciml.runs.threads import THREAD_VARIABLES, one_thread


def test_torch_has_one_thread_inside_and_the_former_number_afterwards():
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        with one_thread():
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize(("given", "seen"), [({}, "1"), ({"OPENBLAS_NUM_THREADS": "3"}, "3")])
def test_numpy_is_told_before_it_is_imported_unless_the_user_has_spoken(given, seen):
    code = (
        "import os\nfrom sciml.runs.threads import one_thread\n"
        "with one_thread(): print(os.environ['OPENBLAS_NUM_THREADS'])"
    )
    kept = {name: text for name, text in os.environ.items() if name not in THREAD_VARIABLES}
    command = [sys.executable, "-c", code]
    answer = subprocess.run(command, env={**kept, **given}, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == seen
