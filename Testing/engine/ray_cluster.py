"""A Ray cluster of two nodes on this machine, one of which can be killed in the middle of the work."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest import mock

import pytest


@contextmanager
def two_nodes_of_which_one_dies(when: Callable[[], bool]) -> Iterator[str]:
    """The cluster's address; the second node, one core as the first, is killed as soon as ``when`` says so."""
    pytest.importorskip("ray", reason="Ray is an extra: pip install -e '.[ray]'")
    from ray.cluster_utils import Cluster

    # Ray starts its workers at niceness 15: on a busy machine they would get to nothing within a test's time.
    with mock.patch.dict(os.environ, {"RAY_worker_niceness": "0"}):
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
        second = cluster.add_node(num_cpus=1)
    over = threading.Event()

    def kill() -> None:
        while not when() and not over.is_set():
            time.sleep(0.02)
        cluster.remove_node(second, allow_graceful=False)

    cluster.wait_for_nodes()
    killer = threading.Thread(target=kill)
    killer.start()
    try:
        yield cluster.address
    finally:
        over.set()
        killer.join()
        cluster.shutdown()
