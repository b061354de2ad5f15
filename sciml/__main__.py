"""`python -m sciml`: the command line, where the `sciml` script is not on the path."""

import sys

from sciml.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
