"""Alignment to network input: config -> msa -> masking -> clusters -> templates -> pipeline.

Each file keeps what is drawn at random (a `torch.Generator` comes in, indices go out) apart from what
follows from it.
"""
