"""A batch for a program that has no command line, such as 3D Slicer: ``python -m tunet.batch``.

The first line on stdin is the request, a JSON object with the names of :class:`~tunet.batch.request.BatchRequest`:

    {"source": "/archive", "output": "/results", "choices": {"bundle": "phantom", "device": "auto"}, "reports": ["pdf"]}

With ``"request": "look"`` in it the folder is only listed (``looking``, ``found``, ``listed``) and nothing is written.

stdout carries ``{"event": "ready", "pid": 123}`` and then the lines of :mod:`tunet.batch.json_lines`, stderr one
sentence where something is wrong, and the exit codes are those of the command: 0 done, 2 some CTs failed or the request
cannot be used, 1 a defect, 130 cancelled. A second line ``cancel``, or the end of stdin, cancels: finished cases stay.
Needs only what runs inside Slicer.
"""

from __future__ import annotations

import _thread
import json
import logging
import os
import signal
import sys
import threading
from types import FrameType
from typing import IO, NoReturn

from tunet.errors import Cancelled, TunetError, UsageError


def main() -> int:
    """Do the batch that stdin asks for; returns the exit code."""
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, _cancel)
    try:
        _do(sys.stdin)
    except TunetError as error:
        sys.stderr.write(f"tunet: {error}\n")
        return error.exit_code
    return 0


def _do(requests: IO[str]) -> None:
    sys.stdout.write(json.dumps({"event": "ready", "pid": os.getpid()}) + "\n")
    sys.stdout.flush()
    try:
        data = json.loads(requests.readline())
    except ValueError:
        data = None
    if not isinstance(data, dict):
        raise UsageError("The first line on stdin must be a request as JSON; see tunet/batch/__main__.py.")
    kind = data.pop("request", "batch")
    if kind not in ("batch", "look"):
        raise UsageError(f"The request is batch or look, got {kind!r}.")
    threading.Thread(target=_watch, args=(requests,), daemon=True).start()
    from tunet.batch.json_lines import JsonLines
    from tunet.batch.request import request_from_json

    request, lines = request_from_json(data), JsonLines()
    if kind == "look":
        from tunet.batch.agenda import look

        look(request, lines)
        return
    from tunet.batch.run import raise_if_incomplete, run_batch

    result = run_batch(request, lines)
    lines.result(result, request.output.resolve())
    raise_if_incomplete(result)


def _watch(requests: IO[str]) -> None:
    requests.readline()
    _thread.interrupt_main()


def _cancel(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise Cancelled("Cancelled; nothing was written.")


if __name__ == "__main__":
    sys.exit(main())
