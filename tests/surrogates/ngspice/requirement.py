"""What tests that run ngspice need."""

import pytest

from sciml.surrogates.ngspice.installation import library_path, program_path

needs_program = pytest.mark.skipif(program_path() is None, reason="the program ngspice is not installed")
needs_library = pytest.mark.skipif(library_path() is None, reason="libngspice is not installed")
