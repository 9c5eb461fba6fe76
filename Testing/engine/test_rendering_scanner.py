"""Noise like a scanner's, measured on what comes out."""

from __future__ import annotations

import numpy as np
import pytest
from tunet.rendering.scanner import Scanner

SHAPE = (24, 80, 80)


def scanned(spacing=(0.75, 0.75, 2.5), noise=20.0, seed=1) -> np.ndarray:
    scanner = Scanner(spacing, noise, (40.0, 40.0), np.random.default_rng(seed))
    slabs = [scanner.scan(np.full((12, 80, 80), 100, np.float32)) for _ in range(2)]
    return np.concatenate(slabs).astype(float) - 100


def correlation(first: np.ndarray, second: np.ndarray) -> float:
    return float((first * second).mean() / (first.std() * second.std()))


def test_deviation_in_the_middle():
    assert scanned()[:, 30:50, 30:50].std() == pytest.approx(20, rel=0.08)


def test_neighbours_correlate_as_in_real_ct():
    noise = scanned()
    assert 0.35 < correlation(noise[:, :, 1:], noise[:, :, :-1]) < 0.65  # measured: 0.39 to 0.61
    assert 0.30 < correlation(noise[1:], noise[:-1]) < 0.55  # measured: 0.34 to 0.52


def test_slabs_join_without_a_seam():
    noise = scanned()
    assert 0.25 < correlation(noise[12], noise[11]) < 0.6


def test_the_mean_stays():
    assert scanned().mean() == pytest.approx(0, abs=1)


def test_values_are_what_scanners_store():
    scanner = Scanner((1.0, 1.0, 1.0), 10.0, (4.0, 4.0), np.random.default_rng(0))
    result = scanner.scan(np.array([[[-5000.0] * 8, [9000.0] * 8] * 4], np.float32))
    assert result.dtype == np.int16
    assert result.min() >= -1024
    assert result.max() <= 3071


def test_thick_slices_are_less_noisy():
    thin, thick = (Scanner.random((0.75, 0.75, z), (0.0, 0.0), np.random.default_rng(3)).noise_hu for z in (1.0, 5.0))
    assert thick < thin
