"""CONC: several processes on one store, spawned and forked."""

from __future__ import annotations

import pytest

from storagedriver import StorageDriver
from storagedriver.testing import Subject, Tree, expect, full, lengthy, requirement
from storagedriver_suites.concurrency.evidence import expect_consistent
from storagedriver_suites.concurrency.processes import (
    CONTINUED,
    OLD,
    fork_and_write_alike,
    fork_while_used,
    fork_with_open_streams,
    run_processes,
    work_in_forks,
)
from storagedriver_suites.concurrency.workloads import Load, load_of, workload

pytestmark = lengthy

PROCESSES = 3

SEEDS = (1, *(pytest.param(seed, marks=full) for seed in (2, 3)))


def _load(subject: Subject) -> Load:
    usual = load_of(subject)
    return Load(workers=PROCESSES, steps=usual.steps, files=usual.files, rounds=usual.rounds)


@requirement("CONC-2", needs=["shared"])
@pytest.mark.parametrize("seed", SEEDS)
def test_history_of_several_processes(driver: StorageDriver, tree: Tree, subject: Subject, seed: int) -> None:
    """Random work of processes that were spawned, each with a driver of its own: what one wrote, all others see."""
    work = workload(seed, _load(subject), tree, capabilities=driver.capabilities)

    history = run_processes(subject, work)

    expect_consistent(history, driver.capabilities, f"history of several processes, seed {seed}")


@requirement("CONC-2", capability="fork_safe", needs=["shared"])
@pytest.mark.parametrize("seed", SEEDS)
def test_history_of_forked_processes(driver: StorageDriver, tree: Tree, subject: Subject, seed: int) -> None:
    """Random work of forked children with one driver that was made, and used, before the fork."""
    work = workload(seed, _load(subject), tree, capabilities=driver.capabilities)

    history = subject.elsewhere(work_in_forks, work)

    expect_consistent(history, driver.capabilities, f"history of forked processes, seed {seed}")


def _all_methods(driver: StorageDriver, directory: str) -> list[str]:
    """Use the driver as a new process does, and tell what was there before."""
    before = list(driver.list(directory)) if directory in driver.list("/") else []
    path = f"{directory}/spawned"
    driver.put_content(path, b"put")
    with driver.writer(f"{directory}/written") as writer:
        writer.write(b"written")
        writer.commit()
    driver.move(path, f"{directory}/moved")
    expect.file(driver, f"{directory}/moved", b"put", "a file of a spawned process")
    expect.file(driver, f"{directory}/written", b"written", "a file that a spawned process wrote in pieces")
    driver.delete(f"{directory}/written")
    expect.equal([info.path for info in driver.walk(directory)][-1:], [*before, f"{directory}/moved"][-1:], "its walk")
    return before


@requirement("CONC-4")
def test_parameters_make_a_driver_in_a_spawned_process(driver: StorageDriver, tree: Tree, subject: Subject) -> None:
    """The parameters pickle; what they make in a new process works, and sees the same store if it is a shared one."""
    driver.put_content(tree.path("a-file"), b"content")

    before = subject.elsewhere(_all_methods, tree.root)

    if driver.capabilities.shared:
        expect.equal(before, [tree.path("a-file")], "what a spawned process lists")
        expect.file(driver, tree.path("moved"), b"put", "what a spawned process left")


@requirement("CONC-4", capability="fork_safe")
def test_driver_that_is_in_use_survives_a_fork(driver: StorageDriver, tree: Tree, subject: Subject) -> None:
    """Forked while other threads are in the middle of calls, a driver works on in the child, and in the parent."""
    subject.elsewhere(fork_while_used, tree.path("d"), 10)

    if driver.capabilities.shared:
        expect.file(driver, tree.path("d/first"), b"first", "what was put before the forks")


@requirement("CONC-4", capability="fork_safe")
def test_streams_of_parent_and_child_are_apart(tree: Tree, subject: Subject) -> None:
    """After a fork both go on from the same state of their driver; what they write at the same time is not mixed."""
    whole = [b"begun by its parent", b"begun by a child"]

    apart = subject.elsewhere(fork_and_write_alike, tree.path("d"), ("one", "two"), 3)
    together = subject.elsewhere(fork_and_write_alike, tree.path("e"), ("one", "one"), 3)

    expect.equal(apart, [whole] * 3, "what parent and child committed to paths of their own")
    for content, _ in together:
        expect.equal(content in whole, True, f"whether {content!r} is what either of them committed to one path")


@requirement("CONC-4", capability="fork_safe")
def test_open_streams_are_the_parents(tree: Tree, subject: Subject) -> None:
    """A forked child that lets go of the streams that were open then ends none of its parent's, which go on."""
    read, new, continued = subject.elsewhere(fork_with_open_streams, tree.path("d"))

    expect.equal(read, OLD, "what a reader that was open at a fork reads")
    expect.equal(new, b"begun and ended", "what a stream that was open at a fork commits")
    expect.equal(continued, CONTINUED, "what a stream that was continued at a fork commits")
