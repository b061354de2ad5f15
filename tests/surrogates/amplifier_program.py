"""The made-up amplifier as an external program: one JSON object a line in, one out."""

import json
import sys

import numpy as np

from tests.surrogates.amplifier import SPEC, simulate

for line in sys.stdin:
    job = json.loads(line)
    result = simulate(SPEC.from_values(job["inputs"])[None])
    if result.failures[0] is not None:
        answer = {"id": job["id"], "error": result.failures[0].message}
    else:
        outputs = dict(zip(SPEC.output_names, np.asarray(result.values)[0].tolist(), strict=True))
        answer = {"id": job["id"], "outputs": outputs | {"margin": float(result.auxiliary[0, 0])}}
    print(json.dumps(answer), flush=True)
