"""The processor's fastest choice, and its cache."""

from __future__ import annotations

import json
import os
import time

import pytest
import torch
from tunet.self_measurement import FILE_NAME, FOLDER_VARIABLE, ProcessorChoice, measured, processor_choice

USUAL = torch.get_num_threads()


def timed(**seconds: float):
    """Seconds per precision with the usual threads; ``fewer`` with half of them."""
    return lambda precision, threads, window: seconds["fewer"] if threads != USUAL else seconds[precision]


def test_the_faster_format_is_taken():
    assert measured(timed(fp32=1.0, bf16=0.5, fewer=2.0)).precision == "bf16"
    assert measured(timed(fp32=1.0, bf16=3.0, fewer=2.0)).precision == "fp32"


def test_exact_arithmetic_stays_when_the_gain_is_small():
    assert measured(timed(fp32=1.0, bf16=0.95, fewer=2.0)).precision == "fp32"


def test_an_imitated_format_is_given_up_on_a_small_window():
    """Seconds of an AVX2 processor at work on other things; in the large window bf16 took 46 s."""
    asked = []

    def seconds_of(precision, threads, window):
        asked.append((precision, window))
        small = window == (8, 8, 8)
        return (0.107 if small else 46.0) if precision == "bf16" else (0.0144 if small else 0.36)

    assert measured(seconds_of).precision == "fp32"
    windows = [window for precision, window in asked if precision == "bf16"]
    assert windows == [(8, 8, 8)]


def test_threads_are_halved_where_that_is_clearly_faster(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 8)
    faster = measured(lambda precision, threads, window: 0.5 if threads == 4 else 1.0)
    assert faster == ProcessorChoice("fp32", 4)
    assert measured(lambda precision, threads, window: 1.0).threads == 8


def test_a_busy_processor_is_asked_once():
    asked = []

    def seconds_of(precision, threads, window):
        asked.append(precision)
        return 20.0

    assert measured(seconds_of) is None
    assert asked == ["fp32"]


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    processor_choice.cache_clear()
    yield tmp_path / FILE_NAME
    processor_choice.cache_clear()


def test_the_answer_is_remembered(cache, monkeypatch):
    first = ProcessorChoice("fp32", 1)
    monkeypatch.setattr("tunet.self_measurement.measured", lambda: first)
    assert processor_choice() == first
    assert json.loads(cache.read_text())["choice"] == {"precision": "fp32", "threads": 1}
    processor_choice.cache_clear()
    monkeypatch.setattr("tunet.self_measurement.measured", lambda: pytest.fail("measured again"))
    assert processor_choice() == first


@pytest.mark.parametrize(("threads", "asked_again"), [(1, True), (2, False)])
def test_fewer_threads_are_asked_about_again_after_an_hour(cache, monkeypatch, threads, asked_again):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    monkeypatch.setattr("tunet.self_measurement.measured", lambda: ProcessorChoice("fp32", threads))
    processor_choice()
    monkeypatch.setattr("tunet.self_measurement.measured", lambda: ProcessorChoice("bf16", 2))
    processor_choice.cache_clear()
    assert processor_choice() == ProcessorChoice("fp32", threads)
    an_hour_ago = time.time() - 3700
    os.utime(cache, (an_hour_ago, an_hour_ago))
    processor_choice.cache_clear()
    assert processor_choice().precision == ("bf16" if asked_again else "fp32")


def test_this_processor_answers_or_is_busy():
    choice = measured()
    assert choice is None or (choice.precision in ("fp32", "bf16") and 1 <= choice.threads <= USUAL)


def test_the_usual_numbers_serve_a_busy_processor_and_are_not_remembered(cache, monkeypatch):
    monkeypatch.setattr("tunet.self_measurement.measured", lambda: None)
    assert processor_choice() == ProcessorChoice("fp32", USUAL)
    assert not cache.exists()


@pytest.mark.parametrize(
    "broken",
    ["", "{", "[]", '{"machine": {}, "choice": {"precision": "bf16", "threads": 1}}', "null", "\x00"],
)
def test_a_broken_or_foreign_cache_is_ignored(cache, monkeypatch, broken):
    cache.write_text(broken)
    fresh = ProcessorChoice("fp32", 1)
    monkeypatch.setattr("tunet.self_measurement.measured", lambda: fresh)
    assert processor_choice() == fresh
    assert json.loads(cache.read_text())["choice"]["threads"] == 1


def test_a_place_that_cannot_be_written_does_no_harm(cache, monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, str(cache))
    cache.write_text("a file where the folder should be")
    assert processor_choice().threads >= 1
