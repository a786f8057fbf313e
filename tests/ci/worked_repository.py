"""A checkout of examples/ci and the machine that a forge runs its steps on; nothing leaves it, `gh` and `curl` are stubs."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aisizer

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "ci"
STUBS = Path(__file__).parent / "stubs"
PACKAGE = Path(aisizer.__file__).parents[1]
TOOLS = ["bash", "cat", "cmp", "git", "grep", "head", "jq", "mkdir", "mktemp", "python3", "rm", "sed", "tar", "tee"]
"""All that the steps call beside aisizer and the stubs; a step that needs another tool does not find it."""


@dataclass(frozen=True)
class Ran:
    """What the steps of a job left."""

    code: int
    out: str
    err: str


class WorkedRepository:
    """`origin` holds main; `checkout` is a clone of it with the change on a branch of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, origin, self.checkout = folder, folder / "origin", folder / "checkout"
        self.tools = folder / "tools"
        self.environment = {"PATH": str(self.tools), "HOME": str(folder), "FORGE": str(folder / "forge.json")}
        self._lay_out_tools()
        shutil.copytree(EXAMPLE, origin)
        self.git("init", "--quiet", "--initial-branch=main", cwd=origin)
        self.commit("The plan as it stands", cwd=origin)
        self.git("clone", "--quiet", str(origin), str(self.checkout), cwd=folder)
        self.git("switch", "--quiet", "--create", "change")

    def _lay_out_tools(self) -> None:
        self.tools.mkdir()
        for tool in TOOLS:
            if found := sys.executable if tool == "python3" else shutil.which(tool):
                (self.tools / tool).symlink_to(found)
        self.put_tool("aisizer", f'PYTHONPATH="{PACKAGE}" exec "{sys.executable}" -m aisizer "$@"')
        for stub in STUBS.glob("*.py"):
            self.put_tool(stub.stem, f'exec "{sys.executable}" "{stub}" "$@"')

    def put_tool(self, name: str, line: str) -> None:
        """A command of its own on the PATH."""
        (self.tools / name).write_text(f"#!{shutil.which('bash')}\n{line}\n", encoding="utf-8")
        (self.tools / name).chmod(0o755)

    def git(self, *arguments: str, cwd: Path | None = None) -> str:
        who = ("-c", "user.name=A. Planner", "-c", "user.email=planner@example.com", "-c", "commit.gpgsign=false")
        command = ["git", *who, *arguments]
        done = subprocess.run(
            command, cwd=cwd or self.checkout, env=self.environment, capture_output=True, text=True, check=True
        )
        return done.stdout

    def commit(self, message: str, *, cwd: Path | None = None) -> None:
        self.git("add", "--all", cwd=cwd)
        self.git("commit", "--quiet", "--message", message, cwd=cwd)

    def change(self, old: str, new: str, file: str = "profile.yaml") -> None:
        """Commits a change of the branch."""
        path = self.checkout / file
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
        self.commit(f"{old} is now {new}")

    def bash(self, script: str, environment: Mapping[str, str], cwd: Path | None = None) -> Ran:
        """A script as both forges run it: bash that stops at the first failure."""
        file = self.folder / "script.sh"
        file.write_text(script, encoding="utf-8")
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(file)],
            cwd=cwd or self.checkout,
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    @property
    def comments(self) -> list[dict[str, Any]]:
        """What the stub of the forge holds."""
        path = self.folder / "forge.json"
        return list(json.loads(path.read_text("utf-8"))) if path.exists() else []

    def say(self, body: str, user: int) -> None:
        """A comment by somebody; the pipeline is user 1."""
        found = [*self.comments, {"id": 100 + len(self.comments), "user": user, "body": body}]
        (self.folder / "forge.json").write_text(json.dumps(found), encoding="utf-8")
