"""Feeds the program with damaged inputs: it must refuse each in one sentence, or take it.

    python tools/fuzz.py --target nifti --count 10000 --seed 1

Every input follows from target, seed and number. A process of its own does the work under limits: 10 s of processor
time an input, 2 GiB of memory more than it began with, no file opened for writing outside its folder. Whatever else
happens (a crash, an exception that is no TunetError, more than one sentence) is a finding: it is printed, and its files
are kept (of one that kills the process, repeat it with ``--first N --count 1`` and look at TUNET_FUZZ_LOG, a file for
what libraries print). The exit code is 1 if there was one.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parent))

from fuzz_targets import TARGETS, Target, check_sentence, clear, target
from tunet.errors import TunetError

SECONDS_OF_PROCESSOR, SECONDS_WITHOUT_A_WORD = 10, 300
MORE_BYTES = 2 << 30


@dataclass
class Summary:
    """What became of the inputs.

    Attributes:
        outcomes: number of inputs by outcome: accepted, or the type of the refusal.
        findings: number of the input and what happened.
        peak_mb: largest resident memory of the processes that did it.
        slowest_s: most processor time of one input.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    findings: dict[int, str] = field(default_factory=dict)
    peak_mb: float = 0.0
    slowest_s: float = 0.0


def run(name: str, count: int, seed: int, keep: Path | None = None, first: int = 0) -> Summary:
    """Feed ``count`` inputs; the files of findings are kept below ``keep``."""
    summary = Summary()
    number = first
    while number < first + count:
        number = _in_a_process(name, number, first + count, seed, summary, keep)
    return summary


def _in_a_process(name: str, first: int, end: int, seed: int, summary: Summary, keep: Path | None) -> int:
    """Inputs from ``first`` on until the end or until the process dies; the next number to begin with."""
    box = Path(tempfile.mkdtemp(prefix="tunet-fuzz-")).resolve()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _work(name, range(first, end), seed, box, writer, keep)
    os.close(writer)
    done = first
    with os.fdopen(reader, "rb", buffering=0) as lines:  # what select tells of is what is read
        while select.select([lines], [], [], SECONDS_WITHOUT_A_WORD)[0] and (line := lines.readline()):
            told = json.loads(line)
            done = told["number"] + 1
            summary.outcomes[told["outcome"]] += 1
            summary.peak_mb = max(summary.peak_mb, told["peak_mb"])
            summary.slowest_s = max(summary.slowest_s, told["seconds"])
            if told["finding"]:
                summary.findings[told["number"]] = told["finding"]
    status = _status(child)
    shutil.rmtree(box, ignore_errors=True)
    if done < end:
        how = f"signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else f"exit {os.waitstatus_to_exitcode(status)}"
        summary.outcomes["died"] += 1
        summary.findings[done] = f"the process died ({how})"
        return done + 1
    return end


def _status(child: int) -> int:
    """How a process ended; one that neither speaks nor ends is killed."""
    for _ in range(100):
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return status
        time.sleep(0.05)
    os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1]


def _work(name: str, numbers: range, seed: int, box: Path, writer: int, keep: Path | None) -> None:
    """The process: one JSON line an input."""
    try:
        os.dup2(os.open(os.environ.get("TUNET_FUZZ_LOG", os.devnull), os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
        os.environ.update(TUNET_CACHE=str(box / "cache"), TUNET_MODELS=str(box / "models"), TMPDIR=str(box / "tmp"))
        tempfile.tempdir = str(box / "tmp")
        for folder in ("cache", "tmp", "sound"):
            (box / folder).mkdir()
        sys.dont_write_bytecode = True
        chosen = target(name, box / "sound")
        writes = _watched_writes(box, keep)
        _limit_memory()
        with os.fdopen(writer, "w", buffering=1) as out:
            for number in numbers:
                out.write(json.dumps(_one(chosen, name, number, seed, box / "in", writes, keep)) + "\n")
        os._exit(0)
    except BaseException:
        os.write(2, traceback.format_exc().encode())
        os._exit(3)


def _one(
    chosen: Target, name: str, number: int, seed: int, folder: Path, writes: list[str], keep: Path | None
) -> dict[str, object]:
    files = chosen.make(Random(f"{name} {seed} {number}"))
    clear(folder)
    for file, data in files.items():
        (folder / file).write_bytes(data)
    writes.clear()
    finding, outcome, began = "", "accepted", time.process_time()
    signal.setitimer(signal.ITIMER_PROF, SECONDS_OF_PROCESSOR)
    try:
        chosen.feed(folder)
    except TunetError as refused:
        outcome = type(refused).__name__
        finding = _not_a_sentence(str(refused))
    except BaseException:
        outcome, finding = "escaped", traceback.format_exc()
    signal.setitimer(signal.ITIMER_PROF, 0)
    if writes:
        finding = f"wrote outside its folder: {writes[:5]}"
    if finding and keep is not None:
        place = keep / f"{name}-{seed}-{number}"
        place.mkdir(parents=True, exist_ok=True)
        for file, data in files.items():
            (place / file).write_bytes(data)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    seconds = time.process_time() - began
    return {"number": number, "outcome": outcome, "finding": finding, "peak_mb": peak, "seconds": seconds}


def _not_a_sentence(text: str) -> str:
    try:
        check_sentence(text)
    except Exception as error:
        return f"not one sentence: {error}"
    return ""


def _watched_writes(box: Path, keep: Path | None) -> list[str]:
    """Paths that are opened for writing, made, renamed or deleted outside the box from now on."""
    found: list[str] = []
    allowed = [box, Path(os.devnull), *([keep] if keep else [])]
    at_fault = {"os.mkdir": 0, "os.rename": 1, "os.remove": 0, "os.rmdir": 0, "os.symlink": 1, "os.link": 1}

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            writing = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        else:
            writing = event in at_fault
            path = arguments[at_fault[event]] if writing else None
        if writing and isinstance(path, str | bytes | os.PathLike):
            full = Path(os.fsdecode(path)).resolve()
            # shutil deletes by names relative to an open folder of the box.
            relative = not Path(os.fsdecode(path)).is_absolute() and event in ("os.remove", "os.rmdir")
            if not relative and not any(full.is_relative_to(place) for place in allowed):
                found.append(f"{event} {full}")

    sys.addaudithook(watch)
    return found


def _limit_memory() -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * os.sysconf("SC_PAGE_SIZE") + MORE_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", required=True, choices=[*TARGETS, "all"])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first input, to repeat one")
    parser.add_argument("--keep", type=Path, default=Path("fuzz_findings"), help="folder for inputs of findings")
    chosen = parser.parse_args()
    found = 0
    for name in TARGETS if chosen.target == "all" else [chosen.target]:
        began = time.monotonic()
        summary = run(name, chosen.count, chosen.seed, chosen.keep.resolve(), chosen.first)
        outcomes = ", ".join(f"{n} {what}" for what, n in summary.outcomes.most_common())
        print(  # noqa: T201
            f"{name}: {sum(summary.outcomes.values())} inputs, seed {chosen.seed}, {len(summary.findings)} findings; "
            f"{outcomes}; slowest {summary.slowest_s:.2f} s of processor time, peak {summary.peak_mb:.0f} MiB, "
            f"{time.monotonic() - began:.0f} s",
            flush=True,
        )
        for number, what in summary.findings.items():
            print(f"--- {name} {number}\n{what}", flush=True)  # noqa: T201
        found += len(summary.findings)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
