"""CASP-style evaluation: inputs, matching, scoring, ranking and intervals, tables."""
