"""A script that loads libngspice in a process of its own and prints what it says of itself.

    python library_version.py PATH

It imports nothing of this package, so that it runs as a file, and quickly.
"""

import ctypes
import sys


def main(path: str) -> None:
    """Print the messages of a library that is being initialised."""
    library = ctypes.CDLL(path)
    text_type = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p)
    exit_type = ctypes.CFUNCTYPE(
        ctypes.c_int, ctypes.c_int, ctypes.c_bool, ctypes.c_bool, ctypes.c_int, ctypes.c_void_p
    )

    def hear(text: bytes, _identifier: int, _user: int | None) -> int:
        print(text.decode("utf-8", "backslashreplace"))
        return 0

    heard, left = text_type(hear), exit_type(lambda *_: 0)
    library.ngSpice_Init(heard, None, left, None, None, None, None)


if __name__ == "__main__":
    main(sys.argv[1])
