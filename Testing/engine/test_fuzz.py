"""Damaged inputs, a few hundred of each kind; `tools/fuzz.py` tries as many as one likes by the same code."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from thoroughness import tries

TOOLS = Path(__file__).resolve().parents[2] / "tools"
sys.path.insert(0, str(TOOLS))

# Readers take a millisecond an input, weights and the worker ten.
COUNTS = {"nifti": 300, "nrrd": 200, "mha": 200, "dicom": 60, "bundle": 80, "safetensors": 40, "archive": 40}


@pytest.mark.skipif(not hasattr(sys, "addaudithook") or sys.platform == "win32", reason="needs fork and limits")
@pytest.mark.parametrize("name", [*COUNTS, "worker", "planning"])
def test_damaged_inputs_are_refused_in_a_sentence_or_taken(name):
    count = tries(COUNTS.get(name, 25))
    # In a process of its own: it forks, and what other tests left running in this one's threads does not survive that.
    code = (
        "import fuzz, json, sys; summary = fuzz.run(sys.argv[1], int(sys.argv[2]), seed=7); "
        "print(json.dumps([summary.findings, summary.outcomes]))"
    )
    command = [sys.executable, "-c", code, name, str(count)]
    done = subprocess.run(command, cwd=TOOLS, capture_output=True, text=True, timeout=600, check=True)
    findings, outcomes = json.loads(done.stdout.splitlines()[-1])
    assert findings == {}
    assert sum(outcomes.values()) == count
    assert len(set(outcomes) - {"accepted"}) >= 1  # some are refused


@pytest.mark.parametrize("name", [*COUNTS, "worker", "planning"])
def test_what_is_damaged_was_sound(name, tmp_path):
    import fuzz_targets

    (tmp_path / "sound").mkdir()
    target = fuzz_targets.target(name, tmp_path / "sound")
    fuzz_targets.clear(tmp_path / "in")
    for file, data in target.sound.items():
        (tmp_path / "in" / file).write_bytes(data)
    target.feed(tmp_path / "in")
