"""What a predicted structure is worth, as functions of arrays: superposition, distances, contacts,
confidence, geometry. Files, matching of residues and tables are in `sciml.structure.evaluate`.
"""
