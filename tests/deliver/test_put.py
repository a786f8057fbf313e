"""A folder of outputs is old or new, never mixed: an error, Ctrl-C or a kill at every single step of writing it."""

from __future__ import annotations

import errno
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from aisizer.deliver import put as module
from aisizer.deliver.put import NEW, READY, put, settle
from aisizer.errors import OutputError

OLD = {"a.csv": b"old a", "deep/b.md": b"old b", "sizing.json": b"old plan"}
FRESH = {"a.csv": b"new a", "deep/b.md": b"new b", "deep/er/c.md": b"new c", "sizing.json": b"new plan"}
STEPS = ("mkdir", "write_bytes", "replace", "read_bytes")
"""Every step of a pathlib.Path by which files are put into place."""


class Killed(BaseException):
    """Stands for SIGKILL: nothing of the process runs after it."""


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@contextmanager
def stopped_at(step: int, stop: BaseException, *, half: bool = False, dead: bool = False) -> Iterator[list[str]]:
    """Fails at that step, before it or with half a file written; after a kill no later step works either."""
    taken: list[str] = []

    def failing(name: str, real: Callable[..., object]) -> Callable[..., object]:
        def call(path: Path, *arguments: object, **named: object) -> object:
            taken.append(name)
            if len(taken) < step or (len(taken) > step and not dead):
                return real(path, *arguments, **named)
            if half and name == "write_bytes" and len(taken) == step:
                real(path, bytes(arguments[0])[:3])  # type: ignore[call-overload]
            raise stop

        return call

    with pytest.MonkeyPatch.context() as patch:
        for name in STEPS:
            patch.setattr(Path, name, failing(name, getattr(Path, name)))
        for name in ("unlink", "rmdir") if dead else ():
            patch.setattr(Path, name, failing(name, getattr(Path, name)))
        if dead:
            patch.setattr(module.shutil, "rmtree", failing("rmtree", module.shutil.rmtree))
        yield taken


def steps(folder: Path) -> int:
    put(folder, OLD)
    with stopped_at(10**6, Killed()) as taken:
        put(folder, FRESH)
    return len(taken)


@pytest.mark.parametrize("stop", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()], ids=repr)
@pytest.mark.parametrize("half", [False, True])
def test_an_error_at_any_step_leaves_the_old_files_and_nothing_else(
    tmp_path: Path, stop: BaseException, half: bool
) -> None:
    for step in range(1, steps(tmp_path / "count") + 1):
        folder = tmp_path / str(step)
        put(folder, OLD)
        with stopped_at(step, stop, half=half), pytest.raises((OutputError, KeyboardInterrupt)):
            put(folder, FRESH)
        assert contents(folder) == OLD, step
        put(folder, FRESH)
        assert contents(folder) == FRESH, step


def test_an_error_at_any_step_of_a_first_run_leaves_nothing(tmp_path: Path) -> None:
    with stopped_at(10**6, Killed()) as taken:
        put(tmp_path / "count" / "out", FRESH)
    for step in range(1, len(taken) + 1):
        with stopped_at(step, OSError(errno.EIO, "I/O error")), pytest.raises(OutputError, match=r"\(I/O error\)"):
            put(tmp_path / str(step) / "out", FRESH)
        assert not (tmp_path / str(step)).exists(), step


@pytest.mark.parametrize("half", [False, True])
def test_a_kill_at_any_step_leaves_all_old_or_all_new_to_the_next_who_reads_or_writes(
    tmp_path: Path, half: bool
) -> None:
    found = []
    for step in range(1, steps(tmp_path / "count") + 1):
        folder = tmp_path / str(step)
        put(folder, OLD | {"mine.txt": b"mine"})
        with stopped_at(step, Killed(), half=half, dead=True), suppress(Killed):
            put(folder, FRESH)
        assert (folder / "sizing.json").read_bytes() in (b"old plan", b"new plan")
        settle(folder)
        seen = {name: content for name, content in contents(folder).items() if not name.startswith(NEW)}
        assert seen in (OLD | {"mine.txt": b"mine"}, FRESH | {"mine.txt": b"mine"}), step
        found.append(seen["sizing.json"])
        put(folder, {"other.pdf": b"pdf"})
        assert contents(folder) == seen | {"other.pdf": b"pdf"}, step
    assert found[0] == b"old plan" and found[-1] == b"new plan"
    assert found == sorted(found, key=(b"old plan", b"new plan").index)


def test_the_plan_arrives_last(tmp_path: Path) -> None:
    put(tmp_path, OLD)
    (tmp_path / NEW).mkdir()
    with stopped_at(10**6, Killed()) as taken:
        put(tmp_path, FRESH)
    for step in range(taken.index("replace") + 2, len(taken)):
        put(tmp_path, OLD)
        with stopped_at(step, Killed(), dead=True), suppress(Killed):
            put(tmp_path, FRESH)
        if (tmp_path / "sizing.json").read_bytes() == b"new plan":
            assert all((tmp_path / name).read_bytes() == content for name, content in FRESH.items())


def test_runs_at_once_do_not_mix(tmp_path: Path) -> None:
    writers = [
        threading.Thread(target=put, args=(tmp_path, {f"{name}.txt": bytes([run]) for name in range(20)}))
        for run in range(8)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    found = contents(tmp_path)
    assert len(found) == 20 and len(set(found.values())) == 1


LIMITED = """
import resource, sys
from pathlib import Path
from aisizer.deliver.put import put
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
put(Path(sys.argv[1]), {"a.csv": bytes(5000), "sizing.json": b"new plan"})
"""


def test_a_quota_on_file_sizes_is_an_error_like_a_full_disk(tmp_path: Path) -> None:
    pytest.importorskip("resource")
    put(tmp_path, OLD)
    done = subprocess.run([sys.executable, "-c", LIMITED, tmp_path], capture_output=True, text=True, check=False)
    assert "OutputError: The outputs cannot be written" in done.stderr and "Free space, or give" in done.stderr
    assert contents(tmp_path) == OLD


PLAIN = """
import sys
from pathlib import Path
from aisizer.deliver.put import put
put(Path(sys.argv[1]), {"a.csv": b"new", "sizing.json": b"new plan"})
"""
UNPRIVILEGED = ("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--")
"""root without its powers, which writes everywhere otherwise"""


@pytest.mark.external("setpriv")
def test_a_read_only_folder_is_one_sentence(tmp_path: Path) -> None:
    put(tmp_path, OLD)
    tmp_path.chmod(0o500)
    call = [*UNPRIVILEGED, sys.executable, "-c", PLAIN, tmp_path]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    last = done.stderr.splitlines()[-1]
    assert "(Permission denied)" in last and last.endswith("left as they were.")
    assert contents(tmp_path) == OLD


def test_what_is_ready_is_hidden_and_gone_afterwards(tmp_path: Path) -> None:
    put(tmp_path, FRESH)
    assert NEW.startswith(".") and READY.startswith(".")
    assert set(contents(tmp_path)) == set(FRESH) and sorted(p.name for p in tmp_path.iterdir()) == [
        "a.csv",
        "deep",
        "sizing.json",
    ]
