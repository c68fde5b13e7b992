"""The drivers s3 and s3-async, and their streams, are one flow of requests, written twice: a repair of one is one of both."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path

import pytest

TWINS = {
    "storagedriver.multipart_upload": "storagedriver.asynchronous.multipart_upload",
    **{
        f"storagedriver_drivers.s3.{module}": f"storagedriver_drivers.s3_async.{module}"
        for module in ("copying", "deletion", "listing", "multipart", "objects", "target")
    },
}
SAME_WORDS = {
    "AsyncChunkSender": "ChunkSender",
    "AsyncChunks": "Chunks",
    "AsyncIterator": "Iterator",
    "AsyncMultipart": "Multipart",
    "AsyncMultipartTarget": "MultipartTarget",
    "AsyncMultipartUpload": "MultipartUpload",
    "AsyncStateReader": "StateReader",
    "asyncio": "time",
    "types_aiobotocore_s3": "mypy_boto3_s3",
    "types_aiobotocore_s3.type_defs": "mypy_boto3_s3.type_defs",
    "storagedriver.asynchronous.chunking": "storagedriver.chunking",
    "storagedriver.asynchronous.multipart_upload": "storagedriver.multipart_upload",
    "storagedriver.asynchronous.parallel": "storagedriver.parallel",
    "storagedriver.asynchronous.replacement": "storagedriver.replacement",
    "storagedriver.asynchronous.staged_state": "storagedriver.staged_state",
}
ADDED = {"storagedriver.asynchronous.cancellation"}
"""What the asynchronous driver alone imports."""


class Awaited(ast.NodeTransformer):
    """Makes of an asynchronous module what it would be if its calls blocked."""

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self.generic_visit(ast.FunctionDef(**vars(node)))

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.name = SAME_WORDS.get(node.name, node.name)
        return self.generic_visit(node)

    def visit_AsyncFor(self, node: ast.AsyncFor) -> ast.AST:
        return self.generic_visit(ast.For(**vars(node)))

    def visit_Await(self, node: ast.Await) -> ast.AST:
        inner: ast.AST = self.visit(node.value)
        # settled(work) is the work, and a reader is opened when it is made.
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name) and inner.func.id == "settled":
            return inner.args[0]
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute) and inner.func.attr == "opened":
            inner.func = inner.func.value
        return inner

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = SAME_WORDS.get(node.id, node.id)
        return node

    def visit_Import(self, node: ast.Import) -> ast.AST:
        for name in node.names:
            name.name = SAME_WORDS.get(name.name, name.name)
        return node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        if node.module in ADDED:
            return None
        module = (node.module or "").replace("storagedriver_drivers.s3_async", "storagedriver_drivers.s3")
        node.module = SAME_WORDS.get(module, module)
        for name in node.names:
            name.name = SAME_WORDS.get(name.name, name.name)
        return node


def source(module: str) -> ast.Module:
    spec = importlib.util.find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    return ast.parse(Path(spec.origin).read_text(encoding="utf-8"))


def in_order(tree: ast.Module) -> str:
    """The module as text, without docstrings, and its imports sorted: they are where the two have to differ in order."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    imports = [ast.unparse(node) for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    rest = [ast.unparse(node) for node in tree.body if not isinstance(node, ast.Import | ast.ImportFrom)]
    return "\n".join([*sorted(imports), *rest])


@pytest.mark.parametrize("module", TWINS)
def test_the_flow_is_the_same(module: str) -> None:
    blocking, awaited = source(module), source(TWINS[module])

    assert in_order(ast.fix_missing_locations(Awaited().visit(awaited))) == in_order(blocking)


def test_difference_would_be_seen() -> None:
    """A request too few, one more, another argument: each of these is no twin any more."""
    blocking = ast.parse("def f(b):\n    b.head(1)\n    return b.put(2)")
    for other in (
        "async def f(b):\n    return await b.put(2)",
        "async def f(b):\n    await b.head(1)\n    await b.head(1)\n    return await b.put(2)",
        "async def f(b):\n    await b.head(1)\n    return await b.put(3)",
    ):
        assert in_order(ast.fix_missing_locations(Awaited().visit(ast.parse(other)))) != in_order(blocking)
    same = "async def f(b):\n    await b.head(1)\n    return await settled(b.put(2))"
    assert in_order(ast.fix_missing_locations(Awaited().visit(ast.parse(same)))) == in_order(blocking)
