"""Readers and writers of sequences, alignments and structures; alphabets and residue constants.

Knows no network.
"""
