"""The command line, called in this process."""

from __future__ import annotations

import io
import signal
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from unittest import mock

import pytest
from tunet.cli import main


@dataclass(frozen=True)
class Result:
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


def tunet(*words) -> Result:
    """The command in this process: importing torch for every case would take minutes."""
    handlers = {stop: signal.getsignal(stop) for stop in (signal.SIGINT, signal.SIGTERM)}
    out, err = io.StringIO(), io.StringIO()
    try:
        with (
            mock.patch.object(sys, "argv", ["tunet", *map(str, words)]),
            redirect_stdout(out),
            redirect_stderr(err),
            pytest.raises(SystemExit) as left,
        ):
            main()
    finally:
        for stop, handler in handlers.items():
            signal.signal(stop, handler)
    return Result(int(left.value.code or 0), out.getvalue(), err.getvalue())


def is_one_sentence(text: str) -> bool:
    return text.strip().count("\n") == 0 and text.strip().startswith("tunet: ") and "Traceback" not in text
