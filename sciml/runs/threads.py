"""Work on small matrices with one thread.

The models of a design loop are so small that a second thread gains nothing; and where other programs keep the
processors busy, threads that wait for one another burn the time of both (100 times slower was seen on two
busy cores).
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@contextmanager
def one_thread() -> Iterator[None]:
    """Torch computes with one thread inside, and as before afterwards.

    So does numpy, if it was not imported yet: it reads the environment once. A number of threads that the
    user has set in the environment stays for numpy.
    """
    if "numpy" not in sys.modules:
        for name in THREAD_VARIABLES:
            os.environ.setdefault(name, "1")
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
