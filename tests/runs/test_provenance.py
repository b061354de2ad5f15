import json
import os
import subprocess
import sys

import sciml
from sciml.runs.provenance import gather_provenance, library_versions, usable_processors


def test_versions_are_those_of_the_installed_libraries_and_none_where_absent():
    import numpy

    versions = library_versions(("numpy", "no-such-distribution"))
    assert versions == {"numpy": numpy.__version__, "no-such-distribution": None}


def test_provenance_is_json_and_says_device_precision_and_settings():
    values = json.loads(json.dumps(gather_provenance("cpu", "bfloat16", {"recycles": 3})))
    assert (values["device"], values["precision"], values["settings"]) == ("cpu", "bfloat16", {"recycles": 3})
    assert values["sciml"] == sciml.__version__
    assert values["written"].endswith("+00:00")
    assert values["processors"] == usable_processors() >= 1


def test_provenance_is_gathered_without_a_heavy_library():
    code = (
        "import sys\nfrom sciml.runs.provenance import gather_provenance\ngather_provenance('cpu')\n"
        "assert not {'torch', 'numpy', 'scipy', 'matplotlib'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, env=os.environ)
