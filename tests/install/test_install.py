"""Every way of installing the package sizes a ready profile from outside the checkout."""

from __future__ import annotations

import json
import shutil
import sys
import tarfile
import venv
import zipfile
from collections.abc import Callable, Sequence
from importlib.metadata import distribution
from pathlib import Path

import pytest
from environments import closure, run

ROOT = Path(__file__).parents[2]
READY = "clinical-notes"
BUILD_BACK_END = ("hatchling", "editables")
BUILD_INPUTS = ("pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "NOTICE")
SOURCE_FOLDERS = ("src", "hardware_catalog", "profiles")

pytestmark = pytest.mark.install


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what is built: building leaves no trace in the checkout, and no installed path points into it."""
    copy = tmp_path_factory.mktemp("checkout")
    for name in SOURCE_FOLDERS:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in BUILD_INPUTS:
        shutil.copy(ROOT / name, copy / name)
    return copy


@pytest.fixture(scope="module")
def sdist(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("--sdist", checkout, tmp_path_factory.mktemp("sdist"))


def wheel(checkout: Path, sdist: Path, work: Path) -> list[str]:
    return [str(build("--wheel", checkout, work))]


def wheel_of_sdist(checkout: Path, sdist: Path, work: Path) -> list[str]:
    with tarfile.open(sdist) as archive:
        archive.extractall(work, filter="data")
    (unpacked,) = (entry for entry in work.iterdir() if entry.is_dir())
    return [str(build("--wheel", unpacked, work))]


def source_distribution(checkout: Path, sdist: Path, work: Path) -> list[str]:
    return [str(sdist)]


def editable(checkout: Path, sdist: Path, work: Path) -> list[str]:
    return ["--editable", str(checkout)]


@pytest.mark.parametrize("requirement", [wheel, wheel_of_sdist, source_distribution, editable])
def test_installed_package_sizes(
    requirement: Callable[[Path, Path, Path], list[str]], checkout: Path, sdist: Path, tmp_path: Path
) -> None:
    (tmp_path / "build").mkdir()
    python = fresh_environment(tmp_path / "venv")
    offline = ["--no-index", "--no-deps", "--ignore-installed", "--no-build-isolation"]
    what = requirement(checkout, sdist, tmp_path / "build")
    run([python, "-m", "pip", "install", "--quiet", *offline, *what], tmp_path)
    assert_sizes([str(python.with_name("aisizer"))], tmp_path)
    assert_sizes([str(python), "-m", "aisizer"], tmp_path)


def test_unpacked_zip_sizes(checkout: Path, tmp_path: Path) -> None:
    packed = shutil.make_archive(str(tmp_path / "aisizer"), "zip", checkout)
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(tmp_path / "unpacked")
    assert_sizes([sys.executable, "-m", "aisizer"], tmp_path, PYTHONPATH=str(tmp_path / "unpacked" / "src"))


def build(kind: str, source: Path, into: Path) -> Path:
    run([sys.executable, "-m", "build", "--no-isolation", kind, "--outdir", into, source], into)
    (built,) = (path for path in into.iterdir() if path.suffix in (".whl", ".gz"))
    return built


def fresh_environment(folder: Path) -> Path:
    """An environment of pip, the build back end and what the package declares it needs: links, so no download."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    site = Path(run([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], folder).strip())
    for name in closure(["aisizer", *BUILD_BACK_END]) - {"aisizer", "pip"}:
        for entry in {file.parts[0] for file in distribution(name).files or ()} - {"..", "__pycache__"}:
            if not (site / entry).exists():
                (site / entry).symlink_to(distribution(name).locate_file(entry))
    return python


def assert_sizes(command: Sequence[str], work: Path, **environment: str) -> None:
    elsewhere = work / "elsewhere"
    elsewhere.mkdir(exist_ok=True)
    run([*command, "size", READY, "-o", "out"], elsewhere, **environment)
    plan = json.loads((elsewhere / "out" / "sizing.json").read_text(encoding="utf-8"))
    assert plan["schema"] == "aisizer/plan/v1"
    assert plan["profile"]["name"] == READY
    assert plan["decision"]["gpus"] > 0
    shutil.rmtree(elsewhere / "out")
