"""Lightning pieces shared by every pillar; they know none of them.

`settings` (from JSON and words) -> `resume` (batches and random numbers as functions of the step) -> `ema`
(moving average) -> `throughput` -> `timebox` (end on time) -> `checkpoints` (atomic; last and best) ->
`records` (run folder, metrics).
"""
