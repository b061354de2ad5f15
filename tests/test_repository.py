import ast
import hashlib
import os
import re
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import sciml
from sciml.cli.app import VERBS
from sciml.runs.doctor import recorded_digests

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "sciml"
SOURCES = sorted(PACKAGE.rglob("*.py"))
NETWORK_MODULES = {
    *("socket", "socketserver", "ssl", "ftplib", "smtplib", "imaplib", "poplib", "telnetlib", "xmlrpc"),
    *("http", "urllib", "urllib3", "requests", "httpx", "aiohttp", "websockets", "boto3", "paramiko"),
    *("huggingface_hub", "gdown", "wget", "pycurl"),
}
UNPICKLING_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
OTHER_TRAINER = {"lightning"}  # its classes are not those of pytorch_lightning
FORBIDDEN_IMPORTS = NETWORK_MODULES | UNPICKLING_MODULES | OTHER_TRAINER


def imported_modules(tree: ast.AST) -> set[str]:
    """Top-level names of everything that a module imports, anywhere in it."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def dangerous_calls(tree: ast.AST) -> list[str]:
    """Calls that run text as code, start a shell or unpickle, with their line."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            found.append(f"line {node.lineno}: relative import")
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name) and node.func.id in ("eval", "exec", "compile", "__import__"):
            found.append(f"line {node.lineno}: {node.func.id}(")
        name = ast.unparse(node.func)
        if name in ("os.system", "os.popen", "yaml.load") or name.endswith(
            (".extractall", ".load_from_checkpoint")
        ):
            found.append(f"line {node.lineno}: {name}(")
        values = {keyword.arg: getattr(keyword.value, "value", None) for keyword in node.keywords}
        for keyword, value in (("shell", True), ("allow_pickle", True), ("weights_only", False)):
            if keyword in values and values[keyword] is value:
                found.append(f"line {node.lineno}: {keyword}={value}")
        if name == "torch.load" and values.get("weights_only") is not True:
            found.append(f"line {node.lineno}: torch.load without weights_only=True")
    return found


@pytest.mark.parametrize(
    ("code", "finding"),
    [
        ("eval('1')", "eval("),
        ("import numpy as np\nnp.load('x', allow_pickle=True)", "allow_pickle=True"),
        ("torch.load('x')", "torch.load without weights_only=True"),
        ("torch.load('x', weights_only=False)", "weights_only=False"),
        ("subprocess.run('ls', shell=True)", "shell=True"),
        ("from . import a", "relative import"),
        ("os.system('ls')", "os.system("),
    ],
)
def test_the_search_for_dangerous_code_finds_it(code, finding):
    assert any(finding in found for found in dangerous_calls(ast.parse(code)))
    assert imported_modules(ast.parse("def f():\n    import pickle.x\n    from urllib.request import y")) == {
        "pickle",
        "urllib",
    }


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_the_package_runs_no_text_unpickles_nothing_and_knows_no_network(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not imported_modules(tree) & FORBIDDEN_IMPORTS
    assert not dangerous_calls(tree)


PILLARS = {"structure", "surrogates", "symbolic"}
BELOW_DATA = {"sciml.errors", "sciml.runs.files", "sciml.runs.cache"}
"""What readers and writers may use: errors, atomic writing, the cache; none of these imports `sciml.data`."""


def package_imports(path: Path) -> set[str]:
    """Full names of the modules of this package that a file imports, anywhere in it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    found |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return {name for name in found if name.startswith("sciml.")}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_one_way(path):
    part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    imported = package_imports(path)
    parts = {name.split(".")[1] for name in imported} - {part}
    if part in ("cli", "__main__"):
        return
    assert "cli" not in parts
    assert not parts & PILLARS
    if part == "data":
        assert {name for name in imported if not name.startswith("sciml.data")} <= BELOW_DATA
    if str(path.relative_to(PACKAGE)) in ("errors.py", "runs/files.py", "runs/cache.py"):
        assert imported <= BELOW_DATA


def test_importing_the_package_loads_no_heavy_library():
    code = "import sys, sciml, sciml.errors; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert not {"torch", "numpy", "Bio", "scipy", "typer"} & set(done.stdout.split())


def test_no_module_is_a_drawer_for_leftovers():
    assert not [path for path in SOURCES if path.stem in ("utils", "helpers", "misc", "common", "util")]


def test_names_of_test_files_are_unique():
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(set(names)) == sorted(names)


def readme_blocks() -> list[list[str]]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return [block.strip().splitlines() for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL)]


def test_the_readme_sets_up_and_runs_in_two_commands_and_tests_in_two_more():
    first, second = readme_blocks()[:2]
    assert [len(first), len(second)] == [2, 2]
    assert first[0].startswith("pip install ")
    assert first[1].startswith("sciml predict examples/")
    assert second[0].startswith("pip install ")
    assert "pytest" in second[1]


def test_files_named_in_the_readme_exist():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#]+)\)", text)
    assert links
    missing = [
        link for link in [*links, *re.findall(r"examples/[\w./-]+", text)] if not (ROOT / link).exists()
    ]
    assert not missing


def test_the_version_is_the_same_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == sciml.__version__
    assert sciml.__version__ in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_continuous_integration_can_be_run_and_is_strict():
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & stat.S_IXUSR
    assert "set -euo pipefail" in script.read_text(encoding="utf-8")
    subprocess.run(["bash", "-n", str(script)], check=True, timeout=20)


@pytest.mark.parametrize("python", ["/nonexistent/python", "/bin/false"])
def test_continuous_integration_refuses_a_python_that_is_too_old(python):
    done = subprocess.run(
        ["bash", str(ROOT / ".ci" / "run")],
        env={**os.environ, "PYTHON": python}, capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Python 3.11 or newer is needed" in done.stderr


def test_every_bundled_weight_file_has_its_recorded_digest_and_is_small():
    folder = PACKAGE / "weights"
    weights = {path.name: path for path in folder.glob("*.safetensors")}
    recorded = recorded_digests(folder / "SHA256SUMS")
    assert recorded.keys() == weights.keys()
    for name, path in weights.items():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == recorded[name]
        assert path.stat().st_size <= 40e6


def test_every_command_that_the_documents_name_exists():
    missing = []
    for document in ("README.md", "CONTRIBUTING.md", "benchmarks/README.md", "benchmarks/gpu/README.md"):
        text = (ROOT / document).read_text(encoding="utf-8")
        modules = re.findall(r"python -m (benchmarks\.[\w.]+)", text)
        missing += [
            module for module in modules if not ROOT.joinpath(*module.split(".")).with_suffix(".py").is_file()
        ]
        missing += [verb for verb in re.findall(r"`sciml (\w+)", text) if verb not in VERBS]
    assert not missing
