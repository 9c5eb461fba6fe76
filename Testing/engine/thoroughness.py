"""How long the random tests search: a little in CI, as long as one likes on request.

``TUNET_TEST_TIMES=100 pytest Testing/engine/test_geometry_end_to_end.py`` tries a hundred times as many cases.
"""

from __future__ import annotations

import os


def tries(in_ci: int) -> int:
    """The number of cases: ``in_ci``, times what TUNET_TEST_TIMES says."""
    return in_ci * int(os.environ.get("TUNET_TEST_TIMES", "1"))
