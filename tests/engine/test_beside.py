"""What compiling beside requests changes of the process, and puts back."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading

import pytest

from dougong.engine.beside import beside_requests, uncollected


def _state() -> tuple[bool, float]:
    return gc.isenabled(), sys.getswitchinterval()


def test_what_was_is_there_again_however_blocks_overlap() -> None:
    """Nothing is put back before the last of several threads has left."""
    usual, left = _state(), threading.Event()
    inside = threading.Event()

    def other() -> None:
        with uncollected():
            inside.set()
            left.wait()

    thread = threading.Thread(target=other)
    with beside_requests():
        thread.start()
        inside.wait()
        assert not gc.isenabled()
        assert sys.getswitchinterval() < usual[1]
    assert _state() == (False, usual[1])
    left.set()
    thread.join()
    assert _state() == usual


def test_it_ends_with_an_error_too() -> None:
    usual = _state()
    with pytest.raises(ZeroDivisionError), beside_requests():
        raise ZeroDivisionError
    assert _state() == usual


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


SERVING = """
import gc
from dougong.engine.beside import beside_requests, begin_serving, collect
gone = []
class Node:
    def __del__(self):
        gone.append("node")
def compile_circle():
    one, two = Node(), Node()
    one.other, two.other = two, one
begin_serving()
with beside_requests():
    compile_circle()
gc.collect()
print(gone)
collect()
print(gone)
"""


def test_what_a_process_that_serves_compiles_is_kept_from_the_collector_until_it_is_freed() -> None:
    """A circle among what was kept goes when `collect` is called, and not before.

    In a process of its own: all that the tests have made so far would be looked through.
    """
    done = subprocess.run([sys.executable, "-c", SERVING], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "['node', 'node']"]
