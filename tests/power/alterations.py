"""The small faults that are put into a driver's sources: cosmic-ray's operators, and statements that are left out."""

from __future__ import annotations

import ast
import difflib
import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OPERATORS = (
    *("AddNot", "ReplaceAndWithOr", "ReplaceOrWithAnd", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue"),
    *("ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "ZeroIterationForLoop", "ExceptionReplacer"),
    *("NumberReplacer", "RemoveDecorator", "ReplaceUnaryOperator_Delete_Not", "ReplaceUnaryOperator_Delete_USub"),
    *("ReplaceComparisonOperator_Eq_NotEq", "ReplaceComparisonOperator_NotEq_Eq"),
    *("ReplaceComparisonOperator_Is_IsNot", "ReplaceComparisonOperator_IsNot_Is"),
    *("ReplaceComparisonOperator_Lt_LtE", "ReplaceComparisonOperator_Lt_Gt"),
    *("ReplaceComparisonOperator_LtE_Lt", "ReplaceComparisonOperator_LtE_GtE"),
    *("ReplaceComparisonOperator_Gt_GtE", "ReplaceComparisonOperator_Gt_Lt"),
    *("ReplaceComparisonOperator_GtE_Gt", "ReplaceComparisonOperator_GtE_LtE"),
    *("ReplaceBinaryOperator_Add_Sub", "ReplaceBinaryOperator_Sub_Add", "ReplaceBinaryOperator_Mul_FloorDiv"),
    *("ReplaceBinaryOperator_FloorDiv_Mul", "ReplaceBinaryOperator_Mod_Mul", "ReplaceBinaryOperator_LShift_RShift"),
    *("ReplaceBinaryOperator_BitAnd_BitOr", "ReplaceBinaryOperator_BitOr_BitAnd"),
)
"""Those of cosmic-ray that make a mistake somebody could make: of the replacements of one sign by every other, the
opposite one and the one next to it."""


@dataclass(frozen=True, slots=True)
class Alteration:
    """One fault in one module.

    Attributes:
        module: The module's full name.
        file: Its source's file.
        line: Where the fault is.
        scope: The class and function it is in, "Tree.open"; empty outside of both.
        operator: What was done.
        before: The line or lines as they were, in one.
        after: As they are now; empty where they are gone.
        source: The module's whole source with the fault.
    """

    module: str
    file: Path
    line: int
    scope: str
    operator: str
    before: str
    after: str
    source: str

    @property
    def key(self) -> str:
        """What it is known by: it does not change with the lines above it."""
        return f"{' '.join(filter(None, (self.file.name, self.scope)))}: {self.before} -> {self.after or '(nothing)'}"


def alterations(module: str, file: Path) -> list[Alteration]:
    """All faults of a module, each once; those that change annotations or docstrings alone are none."""
    source = file.read_text(encoding="utf-8")
    tree = ast.parse(source)
    seen = {meaning_of(source)}
    found = []
    for operator, altered in (*_by_cosmic_ray(source), *left_out(source)):
        try:
            meaning = meaning_of(altered)
        except SyntaxError:
            continue
        if meaning not in seen:
            seen.add(meaning)
            line, before, after = _difference(source, altered)
            found.append(Alteration(module, file, line, scope_at(tree, line), operator, before, after, altered))
    return sorted(found, key=lambda each: (each.line, each.operator, each.after))


def _by_cosmic_ray(source: str) -> Iterator[tuple[str, str]]:
    # Installed for this alone: it is not among what the tests need.
    mutate: Any = importlib.import_module("cosmic_ray.mutating").mutate_code
    find: Any = importlib.import_module("cosmic_ray.plugins").get_operator
    for name in OPERATORS:
        occurrence = 0
        while (altered := mutate(source, find(f"core/{name}")(), occurrence)) is not None:
            yield name, altered
            occurrence += 1


def left_out(source: str) -> Iterator[tuple[str, str]]:
    """Statements that do something and return nothing, left out; and what is returned, replaced by None."""
    lines = source.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line.encode()))
    raw = source.encode()

    def replaced(node: ast.stmt, text: bytes) -> str:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        begin = starts[node.lineno - 1] + node.col_offset
        end = starts[node.end_lineno - 1] + node.end_col_offset
        return (raw[:begin] + text + raw[end:]).decode()

    for function in ast.walk(ast.parse(source)):
        if not isinstance(function, ast.FunctionDef):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Return) and node.value is not None:
                yield "ReturnNothing", replaced(node, b"return None")
            elif _does_something(node):
                assert isinstance(node, ast.stmt)
                yield "LeaveOut", replaced(node, b"pass")


def _does_something(node: ast.AST) -> bool:
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Call)
    if isinstance(node, ast.Assign):
        return any(isinstance(target, ast.Attribute | ast.Subscript) for target in node.targets)
    return isinstance(node, ast.AugAssign | ast.Delete | ast.Raise)


def meaning_of(source: str) -> str:
    """What a source does, without what only readers see."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        elif isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            node.annotation = ast.Constant(None)
    return ast.dump(tree)


def scope_at(tree: ast.Module, line: int) -> str:
    """The classes and functions around a line, from the outside to the inside."""
    around = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.lineno <= line <= (node.end_lineno or 0)
    ]
    return ".".join(node.name for node in sorted(around, key=lambda node: node.lineno))


def _difference(before: str, after: str) -> tuple[int, str, str]:
    """The first line that differs, and what stands there before and after."""
    old, new = before.splitlines(), after.splitlines()
    for tag, begin, end, new_begin, new_end in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            joined = [" ".join(line.strip() for line in part) for part in (old[begin:end], new[new_begin:new_end])]
            return begin + 1, joined[0], joined[1]
    raise ValueError("the sources do not differ")
