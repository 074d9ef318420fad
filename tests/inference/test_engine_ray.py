"""Actors on a Ray cluster answer with the same bits, also where one of its nodes dies in the middle of the work."""

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from engine_models import build, engine_for, rows_of
from plain_model import bring_up
from worker_models import BREAKS, WANTS, Unused, ask, moody, with_token

from modelaudit.errors import WorkerError
from modelaudit.inference.ray_workers import cpus_each


@pytest.fixture
def ray(monkeypatch):
    # Ray's nodes import the models of these tests.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    ray = pytest.importorskip("ray", reason="Ray is not installed; `make setup` installs it")
    yield ray
    ray.shutdown()


@pytest.fixture
def cluster(ray, monkeypatch):
    """A cluster of two nodes with one processor each, which Ray's own address setting names."""
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    cluster.second = cluster.add_node(num_cpus=1)
    monkeypatch.setenv("RAY_ADDRESS", cluster.address)
    yield cluster
    ray.shutdown()
    cluster.shutdown()


def end(cluster, node):
    """End a node with all that runs on it, at once; Ray's own way leaves its actors alive for some seconds."""
    raylet = node.all_processes["raylet"][0].process.pid
    children = [
        int(pid) for task in Path(f"/proc/{raylet}/task").iterdir() for pid in (task / "children").read_text().split()
    ]
    assert children
    cluster.remove_node(node, allow_graceful=False)
    for pid in children:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.mark.heavy
def test_two_nodes_answer_as_one_process_and_one_of_them_dies(cluster, monkeypatch):
    reference = engine_for(build("bert"))
    engine = engine_for(moody(), workers="ray:2")
    bring_up(engine, *WANTS)
    executor = engine._executor
    places, local = list(executor._places), executor._local
    assert len(places) == 2

    monkeypatch.setattr(executor, "_local", Unused())
    rows = [*rows_of(60, seed=1), *rows_of(60, seed=2, typed=True)]
    for want in WANTS:
        assert ask(engine, want, rows) == ask(reference, want, rows)
    answer = engine.logits(rows)[0]
    assert not answer.flags.writeable
    assert answer.base is None, "an answer must not hold a piece of Ray's shared memory"
    with pytest.raises(ZeroDivisionError, match="planted"):
        engine.logits([with_token(rows[0], BREAKS), *rows_of(60, seed=3)])
    monkeypatch.setattr(executor, "_local", local)

    rows, lost = rows_of(1500, seed=4), {}

    def kill(_done):
        if not lost and all(place.awaited() for place in places):
            lost.update({place.name: len(place.awaited()) for place in places})
            end(cluster, cluster.second)

    engine.on_progress = kill
    answers = ask(engine, "logits", rows)
    engine.on_progress = None
    assert lost, "the node did not die in the middle of the work"
    assert answers == ask(reference, "logits", rows)
    (event,) = engine.events
    name = event.partition(" ended")[0]
    assert lost[name] > 0
    assert event.endswith("and was started again; what it had not answered was done anew.")
    engine.close()


@pytest.mark.heavy
def test_without_an_address_a_local_cluster_comes_and_goes(ray, monkeypatch):
    monkeypatch.delenv("RAY_USAGE_STATS_ENABLED", raising=False)
    before = set(Path("/tmp").glob("modelaudit-*/ray"))
    engine = engine_for(moody(), workers="ray")
    assert not ray.is_initialized()
    bring_up(engine, "logits")
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"
    assert len(engine._executor._places) == max(1, (os.cpu_count() or 1) // 2)
    (folder,) = (inner.parent for inner in set(Path("/tmp").glob("modelaudit-*/ray")) - before)
    assert folder.stat().st_mode & 0o077 == 0
    monkeypatch.setattr(engine._executor, "_local", Unused())
    rows = rows_of(100, seed=5)
    assert ask(engine, "logits", rows) == ask(engine_for(build("bert")), "logits", rows)

    # A second model, as an audit with a base model has, finds room beside the first and goes on without it.
    second = engine_for(build("bert-tokens"), workers="ray")
    bring_up(second, "logits")
    engine.close()
    monkeypatch.setattr(second._executor, "_local", Unused())
    assert ask(second, "logits", rows) == ask(engine_for(build("bert-tokens")), "logits", rows)
    assert ray.is_initialized()
    second.close()
    assert not ray.is_initialized()
    assert not folder.exists()


@pytest.mark.heavy
def test_a_connection_that_the_user_made_is_the_user_s(ray):
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False)
    engine = engine_for(build("bert"), workers="ray:2")
    bring_up(engine, "logits")
    engine.close()
    assert ray.is_initialized()


def test_a_cluster_that_is_not_there_is_a_clear_end(ray, monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    engine = engine_for(build("bert"), workers="ray:2")
    for _ in range(2):
        with pytest.raises(WorkerError, match=r"Ray could not be reached at '127\.0\.0\.1:1'.*set RAY_ADDRESS"):
            engine.logits(rows_of(100))


def test_without_ray_the_command_that_installs_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(WorkerError, match=r'run pip install "modelaudit-core\[ray\]"'):
        engine_for(build("bert"), workers="ray")


@pytest.mark.parametrize(
    ("cpus", "size", "each"),
    [([16, 16], 2, 16), ([16, 16], 3, 8), ([16, 2], 3, 5), ([0, 8], 4, 2), ([1, 1], 2, 1), ([1, 1], 5, 0), ([], 1, 0)],
)
def test_actors_share_the_processors_of_their_nodes(cpus, size, each):
    assert cpus_each(cpus, size) == each
    assert not each or sum(np.floor_divide(cpus, each)) >= size
