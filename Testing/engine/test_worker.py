"""The worker as the panel sees it: a process, JSON lines, a private folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from bundles import tiny_bundle
from tunet.synthesis import PhantomRecipe, make_phantom
from tunet.thresholds import PAPER


class Client:
    """A worker process and the events it sent."""

    def __init__(self, temporary: Path) -> None:
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "TMPDIR": str(temporary)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tunet.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )
        self.folder = Path(self.event()["folder"])

    def send(self, **message) -> None:
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def event(self) -> dict:
        return json.loads(self.process.stdout.readline())

    def until(self, *kinds: str) -> list[dict]:
        events = [self.event()]
        while events[-1]["event"] not in kinds:
            events.append(self.event())
        return events

    def end(self) -> int:
        self.process.stdin.close()
        return self.process.wait(timeout=30)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return str(tiny_bundle(tmp_path_factory.mktemp("bundle") / "tiny", ("tunet", "tunet-median")).folder)


@pytest.fixture(scope="module")
def ct(tmp_path_factory):
    path = tmp_path_factory.mktemp("ct") / "ct.nrrd"
    case = make_phantom(5, PhantomRecipe(spacing_mm=(8.0, 8.0, 10.0)))
    sitk.WriteImage(sitk.Cast(case.ct.to_sitk(), sitk.sitkInt16), str(path))
    return str(path)


@pytest.fixture
def client(tmp_path):
    opened = Client(tmp_path)
    yield opened
    opened.process.kill()
    opened.process.wait()


class TestSegment:
    def test_progress_rises_and_the_result_names_files_on_the_cts_grid(self, client, ct, bundle):
        client.send(request="segment", id=1, input=ct, bundle=bundle)
        *progress, result = client.until("result", "error")
        assert result["event"] == "result", result
        fractions = [event["fraction"] for event in progress if event["event"] == "progress"]
        assert fractions == sorted(fractions)
        assert fractions[-1] == pytest.approx(1)
        assert set(result["maps"]) == {"localization", "whole", "tumor", "uncertainty"}
        labels = sitk.ReadImage(result["labels"])
        assert labels.GetSize() == sitk.ReadImage(ct).GetSize()

    def test_second_run_is_warm(self, client, ct, bundle):
        seconds = []
        for number in (1, 2):
            client.send(request="segment", id=number, input=ct, bundle=bundle)
            seconds.append(client.until("result")[-1]["report"]["seconds"]["Loading the model"])
        assert seconds[1] < seconds[0]

    def test_rethreshold_needs_no_network(self, client, ct, bundle):
        client.send(request="segment", id=1, input=ct, bundle=bundle)
        client.until("result")
        client.send(request="rethreshold", id=2, postprocessing=PAPER.to_json())
        events = client.until("result", "error")
        assert [event["event"] for event in events] == ["result"]
        assert events[0]["postprocessing"]["profile"] == "paper"
        assert set(np.unique(sitk.GetArrayFromImage(sitk.ReadImage(events[0]["labels"])))) <= {0, 1, 2}

    def test_cancel_overtakes_the_run_and_the_next_run_works(self, client, ct, bundle):
        client.send(request="segment", id=1, input=ct, bundle=bundle, variant="tunet", mirrored=True)
        while client.event().get("stage", "") != "Finding the kidneys":
            pass
        begin = time.monotonic()
        client.send(request="cancel")
        last = client.until("error", "result")[-1]
        assert last["cancelled"] is True
        assert time.monotonic() - begin < 5
        client.send(request="segment", id=2, input=ct, bundle=bundle, variant="tunet")
        assert client.until("result", "error")[-1]["event"] == "result"

    def test_cancel_stops_what_was_sent_before_it_and_has_not_begun(self, client, ct, bundle):
        client.send(request="segment", id=1, input=ct, bundle=bundle, mirrored=True)
        client.send(request="segment", id=2, input=ct, bundle=bundle, mirrored=True)
        client.send(request="cancel")
        assert client.until("error", "result")[-1]["cancelled"] is True
        assert client.until("error", "result")[-1]["cancelled"] is True


class TestErrors:
    def test_a_missing_package_is_named(self, ct, bundle, tmp_path, monkeypatch):
        (tmp_path / "torch.py").write_text("raise ModuleNotFoundError('no torch', name='torch')")
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        client = Client(tmp_path)
        client.send(request="segment", id=1, input=ct, bundle=bundle)
        assert "package torch is missing" in client.until("error", "result")[-1]["message"]
        assert client.end() == 0

    def test_unusable_ct_is_a_sentence(self, client, bundle, tmp_path):
        client.send(request="segment", id=1, input=str(tmp_path / "none.nrrd"), bundle=bundle)
        last = client.until("error", "result")[-1]
        assert "There is no file" in last["message"]
        assert last["cancelled"] is False

    @pytest.mark.parametrize("line", ["not json", "[]", '{"id": 1}', '{"request": 5}', "[" * 100_000])
    def test_nonsense_is_answered_and_survived(self, client, line):
        client.process.stdin.write(line + "\n")
        client.process.stdin.flush()
        assert client.event()["event"] == "error"
        client.send(request="devices", id=2)
        assert client.event()["devices"][-1]["device"] == "cpu"

    def test_an_endless_name_is_not_quoted_whole(self, client):
        client.send(request="measure", id=1, labels="x" * 5000)
        assert len(client.until("error", "result")[-1]["message"]) <= 800

    def test_unknown_request(self, client):
        client.send(request="dance", id=1)
        assert "unknown to this version" in client.event()["message"]

    def test_thresholds_without_prediction(self, client):
        client.send(request="rethreshold", id=1)
        assert "segment a CT first" in client.event()["message"]

    def test_impossible_thresholds(self, client, ct, bundle):
        client.send(request="segment", id=1, input=ct, bundle=bundle, postprocessing={"connectivity": 5})
        assert "cannot be used" in client.until("error", "result")[-1]["message"]


class TestEnd:
    """The private folder is removed whatever happens."""

    def check(self, client):
        assert client.process.wait(timeout=30) is not None
        assert not client.folder.exists()

    def test_shutdown(self, client):
        client.send(request="shutdown")
        self.check(client)

    def test_end_of_stdin(self, client):
        client.process.stdin.close()
        self.check(client)

    def test_end_of_stdin_while_requests_wait(self, client, ct, bundle):
        for number in (1, 2, 3):
            client.send(request="segment", id=number, input=ct, bundle=bundle, mirrored=True)
        client.process.stdin.close()
        events = [json.loads(line) for line in client.process.stdout]
        assert [event["cancelled"] for event in events if event["event"] in ("error", "result")] == [True] * 3
        self.check(client)

    def test_sigterm_in_the_middle(self, client, ct, bundle):
        client.send(request="segment", id=1, input=ct, bundle=bundle)
        client.until("progress")
        client.process.send_signal(signal.SIGTERM)
        self.check(client)


def test_starts_without_heavy_imports():
    code = "import sys, tunet.worker; assert not {'torch', 'numpy', 'SimpleITK'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class TestRegionOfInterest:
    def test_labels_lie_in_the_region(self, client, ct, bundle):
        x, y, z = sitk.ReadImage(ct).GetSize()
        client.send(request="segment", id=1, input=ct, bundle=bundle, roi=[2, x, 3, y - 1, 4, z])
        labels = sitk.ReadImage(client.until("result", "error")[-1]["labels"])
        assert labels.GetSize() == (x - 2, y - 4, z - 4)
        assert labels.GetOrigin() == sitk.ReadImage(ct)[2:, 3:, 4:].GetOrigin()

    @pytest.mark.parametrize("roi", [[0, 1], "here", [0, 9999, 0, 1, 0, 1]])
    def test_an_impossible_region_is_a_sentence(self, client, ct, bundle, roi):
        client.send(request="segment", id=1, input=ct, bundle=bundle, roi=roi)
        message = client.until("error", "result")[-1]["message"]
        assert "region of interest" in message or "ROI" in message


def test_install_makes_a_model_available(client, bundle, tmp_path, monkeypatch):
    client.end()
    monkeypatch.setenv("TUNET_MODELS", str(tmp_path / "models"))
    again = Client(tmp_path)
    again.send(request="install", id=1, source=bundle)
    assert again.until("result", "error")[-1]["model"] == "tiny"
    assert (tmp_path / "models" / "tiny" / "bundle.json").exists()
    assert again.end() == 0
