"""Readers and writers of sequences, alignments and structures, alphabets, residue constants. Knows no network."""
