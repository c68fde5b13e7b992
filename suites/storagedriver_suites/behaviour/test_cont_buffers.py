"""CONT: the buffers that content is given in."""

from __future__ import annotations

import gc

import pytest

from storagedriver import StorageDriver
from storagedriver.testing import Tree, content, expect, full, requirement, size_of
from storagedriver_suites.behaviour.contents import BUFFERS, CHANGEABLE, NO_BUFFERS, need_files_of, overwrite
from storagedriver_suites.behaviour.streams import expect_old, made, put_old, write_stream


@requirement("CONT-3")
@pytest.mark.parametrize("kind", BUFFERS)
def test_buffer_is_taken_as_its_bytes(driver: StorageDriver, tree: Tree, kind: str) -> None:
    """Put and write take bytes, bytearray and memoryview, of whatever items and strides, and leave them as they are."""
    # Python has no view of rows without any.
    sizes = (160, 16, 1024, *([] if kind == "view-of-rows" else [0]))
    buffers = [BUFFERS[kind](content(size, seed=size)) for size in sizes]
    held = [memoryview(buffer).tobytes() for buffer in buffers]

    for number, buffer in enumerate(buffers):
        driver.put_content(tree.path(f"put-{number}"), buffer)
    with driver.writer(tree.path("written")) as writer:
        taken = [writer.write(buffer) for buffer in buffers]
        writer.commit()

    for number, data in enumerate(held):
        expect.file(driver, tree.path(f"put-{number}"), data, f"content put as {kind}")
    expect.file(driver, tree.path("written"), b"".join(held), f"content written as {kind}")
    expect.equal(taken, [len(each) for each in held], f"what write returns for {kind}")
    expect.equal([memoryview(buffer).tobytes() for buffer in buffers], held, f"what {kind} holds after put and write")


@requirement("CONT-3")
@pytest.mark.parametrize("kind", ["bytearray", "every-second-byte", pytest.param("view", marks=full)])
def test_large_buffer_is_taken_as_its_bytes(driver: StorageDriver, tree: Tree, kind: str) -> None:
    """Buffers larger than a chunk are taken like small ones."""
    data = made("chunk+1", driver, seed=9)

    driver.put_content(tree.path("put"), BUFFERS[kind](data))
    with driver.writer(tree.path("written")) as writer:
        writer.write(BUFFERS[kind](data[:100]))
        writer.write(BUFFERS[kind](data[100:]))
        writer.commit()

    for path in tree.paths("put", "written"):
        expect.file(driver, path, data, f"large content taken from {kind}")


@requirement("CONT-3")
@pytest.mark.parametrize("kind", CHANGEABLE)
@pytest.mark.parametrize("size", ["160", pytest.param("chunk", marks=full), pytest.param("2*chunk", marks=full)])
def test_buffer_may_be_changed_after_the_call(driver: StorageDriver, tree: Tree, kind: str, size: str) -> None:
    """What the caller does to his buffer after a put or a write is not done to the file, nor to a stream before commit."""
    data = made(size, driver, seed=5)
    _judge_changes(driver, tree, kind, data)


@requirement("CONT-3")
@pytest.mark.parametrize("size", ["chunk", "65536", "1048576"])
def test_large_buffer_may_be_changed_after_the_call(driver: StorageDriver, tree: Tree, size: str) -> None:
    """The same holds for a buffer of just a chunk, or of a common size, which could go up as it is."""
    need_files_of(driver, size_of(size, driver) + 3)
    _judge_changes(driver, tree, "bytearray", made(size, driver, seed=5))


def _judge_changes(driver: StorageDriver, tree: Tree, kind: str, data: bytes) -> None:
    buffer, owner = CHANGEABLE[kind](data)
    held = memoryview(buffer).tobytes()

    driver.put_content(tree.path("put"), buffer)
    overwrite(owner)
    expect.file(driver, tree.path("put"), held, f"content after a change of the {kind} it was put from")

    for when in ("between writes", "before the commit", "after the only write", "after the commit"):
        buffer, owner = CHANGEABLE[kind](data)
        with driver.writer(tree.path("written")) as writer:
            writer.write(buffer)
            if when == "between writes":
                overwrite(owner)
            if when != "after the only write":
                writer.write(b"end")
            if when in {"before the commit", "after the only write"}:
                overwrite(owner)
            writer.commit()
            overwrite(owner)
        written = held if when == "after the only write" else held + b"end"
        expect.file(driver, tree.path("written"), written, f"content after a change of its {kind} {when}")


@requirement("CONT-3", capability="resumable_writes")
def test_buffer_may_be_changed_while_a_stage_waits(driver: StorageDriver, tree: Tree) -> None:
    """What was staged is what the buffer held at the write."""
    buffer = bytearray(content(160, seed=5))
    with driver.writer(tree.path("file")) as writer:
        writer.write(buffer)
    overwrite(buffer)

    write_stream(driver, tree.path("file"), [b"end"], append=True)

    expect.file(
        driver, tree.path("file"), content(160, seed=5) + b"end", "content staged before a change of its buffer"
    )


@requirement("CONT-3")
@pytest.mark.parametrize("written", ["put", "stream"])
def test_buffer_may_be_resized_after_the_call(driver: StorageDriver, tree: Tree, written: str) -> None:
    """The driver keeps no hold on a bytearray: its owner may make it shorter, longer, and write it again."""
    buffer = bytearray(content(1000, seed=6))
    writer = driver.writer(tree.path("stream"))
    if written == "put":
        driver.put_content(tree.path("file"), buffer)
    else:
        writer.write(buffer)

    # Whatever is kept in a cycle that nobody uses any more is not kept.
    gc.collect()
    try:
        del buffer[10:]
        buffer += content(5000, seed=7)
    except BufferError as held:
        expect.equal(str(held), "no error", "resizing a bytearray after the call")

    if written == "put":
        driver.put_content(tree.path("again"), buffer)
        expect.file(driver, tree.path("file"), content(1000, seed=6), "content put before its buffer was resized")
        expect.file(driver, tree.path("again"), bytes(buffer), "content of the resized buffer")
    else:
        writer.write(buffer)
        writer.commit()
        expect.file(
            driver,
            tree.path("stream"),
            content(1000, seed=6) + bytes(buffer),
            "content written before and after a resizing",
        )
    writer.close() if written == "stream" else writer.cancel()


@requirement("CONT-3")
def test_one_buffer_serves_all_writes(driver: StorageDriver, tree: Tree) -> None:
    """The loop of every copying program: one buffer, filled anew for each write, the last one in part."""
    length = 1000
    data = content(10 * length + 17, seed=3)
    buffer = bytearray(length)

    with driver.writer(tree.path("file")) as writer:
        for start in range(0, len(data), length):
            piece = data[start : start + length]
            buffer[: len(piece)] = piece
            writer.write(memoryview(buffer)[: len(piece)])
        writer.commit()

    expect.file(driver, tree.path("file"), data, "content written through one buffer")


@requirement("CONT-3")
@pytest.mark.parametrize("old", ["absent", "100"])
def test_what_is_no_buffer_is_refused_by_put(driver: StorageDriver, tree: Tree, old: str) -> None:
    """put_content of a str, or of what is not bytes-like at all, raises TypeError and puts nothing."""
    path = tree.path("d/file")
    before = put_old(driver, path, old)

    for given, value in NO_BUFFERS.items():
        with expect.raises(TypeError, f"put_content of {given}"):
            driver.put_content(path, value)  # type: ignore[arg-type]  # that is what is refused
        expect_old(driver, path, before, f"the path after a put of {given}")


@requirement("CONT-3")
def test_str_is_refused_by_write(driver: StorageDriver, tree: Tree) -> None:
    """Write of a str raises TypeError; it is no part of the stream, which goes on."""
    with driver.writer(tree.path("file")) as writer:
        writer.write(b"before ")
        for given, value in NO_BUFFERS.items():
            if isinstance(value, str):
                with expect.raises(TypeError, f"write of {given}"):
                    writer.write(value)  # type: ignore[arg-type]  # that is what is refused
        writer.write(b"behind")
        writer.commit()

    expect.file(driver, tree.path("file"), b"before behind", "content of a stream that refused a str")
