"""Averages over members, Eq. 4, and how much they disagree."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]


class RunningMean:
    """Mean and standard deviation of arrays that come one at a time; only two sums are held."""

    def __init__(self) -> None:
        self._count = 0
        self._mean: Array | None = None
        self._squares: Array | None = None

    def add(self, values: Array, times: int = 1) -> None:
        """Take an array in, ``times`` times; all have the same shape. (West's update, which loses no digits.)"""
        if self._mean is None or self._squares is None:
            self._count = times
            self._mean, self._squares = values.copy(), np.zeros_like(values)
            return
        self._count += times
        difference = values - self._mean
        self._mean += difference * np.float32(times / self._count)
        self._squares += np.float32(times) * difference * (values - self._mean)

    @property
    def mean(self) -> Array:
        """Their mean.

        Raises:
            ValueError: nothing was taken in.
        """
        if self._mean is None:
            raise ValueError("the mean of nothing")
        return self._mean

    @property
    def standard_deviation(self) -> Array | None:
        """Their standard deviation (over the whole population); None for fewer than two."""
        if self._squares is None or self._count < 2:
            return None
        deviation: Array = np.sqrt(np.maximum(self._squares / np.float32(self._count), 0))
        return deviation
