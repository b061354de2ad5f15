"""Random problems with their answers, without any computer-algebra system.

In the order of the flow: `points` (values at a few points), `lost_parts`, `verifier_points` (what
they see), `trees` (random expressions), `simplification`
(other forms), `polynomials`, `waves`, `radicals`, `reductions`, `families` (closed integrals), `backward`,
`by_parts`, `forward` (integrals), `elimination`, `curves`, `first_order`, `second_order` (differential
equations), `variations`, `mixture` (the stream for training), `evaluation_sets`; `processes` (of
their own).
"""
