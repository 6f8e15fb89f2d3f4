"""Takes a guard out of a running program: one passage of one function's source is replaced by another.

The function object stays the same, so whoever has imported it by name has the broken one too. Everything that
does not fit (the function is gone, the passage is not there or there twice) raises `Moved` at once, so that a
variant never means nothing without anybody seeing it.
"""

from __future__ import annotations
import __future__

import ast
import importlib
import inspect
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import CodeType, FunctionType


class Moved(Exception):
    """The code that a variant is about is not as the variant knows it."""


@dataclass(frozen=True, slots=True)
class Cut:
    """In ``where`` (``module:function`` or ``module:Class.method``) the passage ``old`` is ``new``, and so with the
    pairs of ``more``."""

    where: str
    old: str
    new: str
    more: tuple[tuple[str, str], ...] = ()

    @contextmanager
    def applied(self) -> Iterator[None]:
        """The program is like this while the block runs. Raises `Moved`."""
        function = self._function()
        whole = function.__code__
        function.__code__ = self._broken(function)
        try:
            yield
        finally:
            function.__code__ = whole

    def _function(self) -> FunctionType:
        module, _, name = self.where.partition(":")
        found: object = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part, None)
        found = inspect.unwrap(found) if callable(found) else found
        if not isinstance(found, FunctionType):
            raise Moved(f"{self.where}: there is no such function")
        return found

    def _broken(self, function: FunctionType) -> CodeType:
        source = textwrap.dedent(inspect.getsource(function))
        for old, new in ((self.old, self.new), *self.more):
            if source.count(old) != 1:
                raise Moved(f"{self.where}: {old!r} is there {source.count(old)} times, not once")
            source = source.replace(old, new)
        tree = ast.parse(source)
        (definition,) = tree.body
        assert isinstance(definition, ast.FunctionDef)
        definition.decorator_list = []
        made: dict[str, FunctionType] = {}
        compiled = compile(tree, f"<broken {self.where}>", "exec", flags=__future__.annotations.compiler_flag)
        exec(compiled, dict(function.__globals__), made)
        code = made[function.__name__].__code__
        if code.co_freevars != function.__code__.co_freevars:
            raise Moved(f"{self.where}: leans on names around it, which cannot be kept")
        return code
