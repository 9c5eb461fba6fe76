"""The command and the worker in processes of their own that can be killed, without importing torch for each of them.

A helper process imports everything once and forks for every run; the forked process is like one freshly started.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

_HELPER = """
import json, os, sys, tempfile, resource
import torch, numpy, SimpleITK, scipy.ndimage, safetensors.torch
import tunet.cli, tunet.worker, tunet.commands.segment, tunet.commands.console
for line in sys.stdin:
    order = json.loads(line)
    child = os.fork()
    if child == 0:
        os.setsid()
        os.environ["TMPDIR"] = tempfile.tempdir = order["tmp"]
        os.dup2(os.open(order["out"], os.O_WRONLY | os.O_CREAT | os.O_APPEND), 1)
        os.dup2(os.open(order["err"], os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
        os.dup2(os.open(order["in"], os.O_RDONLY), 0)
        if order["memory"]:
            size = int(open("/proc/self/statm").read().split()[0]) * os.sysconf("SC_PAGE_SIZE") + order["memory"]
            resource.setrlimit(resource.RLIMIT_AS, (size, size))
        sys.argv = order["argv"]
        code = 1
        try:
            (tunet.worker.main if order["worker"] else tunet.cli.main)()
            code = 0
        except SystemExit as left:
            code = left.code or 0
        except BaseException:
            import traceback
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(code)
    print(json.dumps(child), flush=True)
    print(json.dumps(os.waitpid(child, 0)[1]), flush=True)
"""


@dataclass
class Run:
    """A run under way: its process, and the files its words go to."""

    runs: ForkedRuns
    pid: int
    out: Path
    err: Path

    def kill(self, by: signal.Signals) -> None:
        """Send a signal; none where it is over already."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, by)

    def wait(self) -> int:
        """The exit code, negative for a signal."""
        return os.waitstatus_to_exitcode(self.runs.answer())


class ForkedRuns:
    """Starts runs one after the other."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = 0
        self._helper = subprocess.Popen(
            [sys.executable, "-c", _HELPER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )

    def __enter__(self) -> ForkedRuns:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self._helper.stdin is not None
        self._helper.stdin.close()
        self._helper.kill()
        self._helper.wait()

    def answer(self) -> int:
        """The helper's next number."""
        assert self._helper.stdout is not None
        return int(json.loads(self._helper.stdout.readline()))

    def start(
        self, *words: object, tmp: Path, source: Path = Path(os.devnull), worker: bool = False, more_memory: int = 0
    ) -> Run:
        """Begin ``tunet WORDS``, or the worker; ``source`` is its stdin, ``more_memory`` a limit in bytes."""
        assert self._helper.stdin is not None
        self._number += 1
        out, err = (self._folder / f"{self._number}.{name}" for name in ("out", "err"))
        order = {"tmp": str(tmp), "out": str(out), "err": str(err), "in": str(source), "worker": worker}
        order |= {"argv": ["tunet", *map(str, words)], "memory": more_memory}
        self._helper.stdin.write(json.dumps(order) + "\n")
        self._helper.stdin.flush()
        return Run(self, self.answer(), out, err)
