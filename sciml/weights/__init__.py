"""Parameter sets that ship with the package, and what is known about each."""
