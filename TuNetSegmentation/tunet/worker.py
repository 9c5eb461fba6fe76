"""The process the panel talks to: JSON lines in on stdin, JSON lines out on stdout, logs on stderr.

    -> {"request": "segment", "id": 1, "input": "ct.nrrd", "bundle": "phantom", "device": "auto", ...}
    <- {"event": "progress", "id": 1, "stage": "Finding the kidneys", "fraction": 0.1, "seconds_left": 12.3}
    <- {"event": "result", "id": 1, "labels": ".../labels.nrrd", "maps": {"whole": ".../whole.nrrd", ...}, "report": {}}

Requests: ``segment``, ``rethreshold`` (the last prediction under other thresholds; no network runs), ``install`` (a
model from a file, folder or address), ``measure``, ``margin``, ``distances`` and ``export`` (a plan; no network runs),
``cancel``, ``devices``, ``shutdown``. Events: ``ready``, ``progress``, ``warning``, ``result``, ``error`` (a sentence
for the user; ``"cancelled": true`` when he stopped it himself). The loaded model stays warm between runs. Files travel
in one private folder, named by ``ready``, that is removed when the process ends; the end of stdin ends the process.

Nothing heavier than the standard library is imported before the first request that needs it.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import signal
import sys
import tempfile
import threading
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO, TYPE_CHECKING, Any

from tunet.errors import TOO_LITTLE_MEMORY, Cancelled, TunetError, UsageError, is_out_of_memory
from tunet.leftovers import own_prefix, remove_leftovers
from tunet.worker_requests import LONGEST_LINE, Message, check_fields, parsed

if TYPE_CHECKING:
    from tunet.progress import Progress
    from tunet.worker_planning import PlanningSession
    from tunet.worker_session import Session

_log = logging.getLogger("tunet.worker")

FOLDER_PREFIX = "tunet-worker-"
DEFECT = "The segmentation program failed unexpectedly; open the log and report it, then try again."


class Channel:
    """Events out, one JSON object a line; safe to use from both threads."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def send(self, event: str, **fields: Any) -> None:
        """Write one event; a reader that is gone ends the process."""
        line = json.dumps({"event": event, **fields})
        with self._lock:
            self._stream.write(line + "\n")
            self._stream.flush()


@dataclass(frozen=True, eq=False)
class _Accepted:
    """A request that is not answered yet, and whether it is to stop."""

    message: Message
    cancel: threading.Event = field(default_factory=threading.Event)


class Worker:
    """Takes requests in order; ``cancel`` overtakes them and stops those that were sent before it."""

    def __init__(self, channel: Channel, folder: Path) -> None:
        self._channel = channel
        self._folder = folder
        self._waiting: queue.Queue[_Accepted | None] = queue.Queue()
        self._unanswered: set[_Accepted] = set()
        self._lock = threading.Lock()
        self._session: Session | None = None

    def serve(self, requests: IO[str]) -> None:
        """Answer until ``shutdown`` or the end of the stream."""
        self._channel.send("ready", folder=str(self._folder), pid=os.getpid())
        threading.Thread(target=self._listen, args=(requests,), daemon=True).start()
        while (accepted := self._waiting.get()) is not None:
            self._answer(accepted)
            with self._lock:
                self._unanswered.discard(accepted)

    def _listen(self, requests: IO[str]) -> None:
        while line := requests.readline(LONGEST_LINE):
            message = parsed(line)
            if message is None:
                self._channel.send("error", id=None, message="The program received a message it cannot read.")
            elif message["request"] == "cancel":
                self._cancel_all()
            elif message["request"] == "shutdown":
                break
            else:
                self._accept(message)
        self._cancel_all()
        self._waiting.put(None)

    def _accept(self, message: Message) -> None:
        accepted = _Accepted(message)
        with self._lock:
            self._unanswered.add(accepted)
        self._waiting.put(accepted)

    def _cancel_all(self) -> None:
        # Also what still waits: whoever cancels, or has gone, wants none of it.
        with self._lock:
            for accepted in self._unanswered:
                accepted.cancel.set()

    def _answer(self, accepted: _Accepted) -> None:
        message = accepted.message
        number = message.get("id")
        try:
            self._channel.send("result", id=number, **self._result(accepted))
        except Cancelled as stopped:
            self._channel.send("error", id=number, message=str(stopped), cancelled=True)
        except TunetError as error:
            self._channel.send("error", id=number, message=str(error), cancelled=False)
        except ModuleNotFoundError as error:
            _log.exception("request %s failed", message.get("request"))
            sentence = f"The Python package {error.name} is missing; leave this module and open it again to install it."
            self._channel.send("error", id=number, message=sentence, cancelled=False)
        except OSError as error:
            sentence = f"{error.strerror or error}: {error.filename or 'a file'}; check that it exists and try again."
            # As a TunetError, for these are kept to a readable length.
            self._channel.send("error", id=number, message=str(TunetError(sentence)), cancelled=False)
        except Exception as error:
            _log.exception("request %s failed", message.get("request"))
            sentence = TOO_LITTLE_MEMORY if is_out_of_memory(error) else DEFECT
            self._channel.send("error", id=number, message=sentence, cancelled=False)

    def _result(self, accepted: _Accepted) -> Message:
        message, progress = accepted.message, self._progress(accepted)
        check_fields(message)
        match message["request"]:
            case "devices":
                return {"devices": self._open_session().devices()}
            case "segment":
                return asdict(self._open_session().segment(message, progress))
            case "install":
                return {"model": self._install(message, progress)}
            case "rethreshold":
                return asdict(self._open_session().rethreshold(message))
            case "measure" | "margin" | "distances" | "export" as planning:
                return dict(getattr(self._open_planning(), planning)(message, progress))
            case other:
                raise UsageError(f"The request {other!r} is unknown to this version of the program; update TuNet.")

    def _install(self, message: Message, progress: Progress) -> str:
        from tunet.models import install_from

        return install_from(str(message.get("source")), progress).name

    def _open_session(self) -> Session:
        if self._session is None:
            from tunet.worker_session import Session

            self._session = Session(self._folder)
        return self._session

    def _open_planning(self) -> PlanningSession:
        from tunet.worker_planning import PlanningSession

        return PlanningSession(self._folder)

    def _progress(self, accepted: _Accepted) -> Progress:
        from tunet.progress import Progress

        number = accepted.message.get("id")
        return Progress(
            listener=lambda event: self._channel.send("progress", id=number, **asdict(event)),
            cancelled=accepted.cancel.is_set,
        )


def _stop(_signal: int, _frame: FrameType | None) -> None:
    # SystemExit unwinds the stack, so that the private folder is removed.
    raise SystemExit(143)


def main() -> None:
    """Serve stdin until it ends; an argument names the folder to make the private folder in."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    signal.signal(signal.SIGTERM, _stop)
    # Libraries that print must not break the protocol: events keep the real stdout, everybody else gets stderr.
    events = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    # A byte that is no UTF-8 is answered as a message that cannot be read.
    requests = os.fdopen(os.dup(sys.stdin.fileno()), encoding="utf-8", errors="replace")
    parent = sys.argv[1] if len(sys.argv) > 1 else None
    remove_leftovers(Path(parent or tempfile.gettempdir()), FOLDER_PREFIX)
    with tempfile.TemporaryDirectory(prefix=own_prefix(FOLDER_PREFIX), dir=parent) as folder:
        try:
            Worker(Channel(events), Path(folder)).serve(requests)
        except BrokenPipeError:
            _log.info("the panel is gone")


if __name__ == "__main__":
    main()
