"""Protein structure from sequence: search -> features -> model (evoformer, heads, structure_module) -> confidence -> outputs."""
