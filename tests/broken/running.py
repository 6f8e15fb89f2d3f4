"""Runs one test in this very process, with pytest inside pytest, and says how it ended."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

import pytest

from tests.house.tree import ROOT

# What the outer run does must not be done twice: its processes, its cache, its words on the screen.
_OPTIONS = ("-p", "no:xdist", "-p", "no:cacheprovider", "-p", "no:terminal", "-p", "no:faulthandler", "-p",
            "no:capture", "-p", "no:unraisableexception", "-p", "no:threadexception", "-o", "addopts=",
            "--import-mode=importlib")  # fmt: skip


@dataclass(eq=False)
class Ended:
    """How a run ended: the test's steps that went well, and the first that did not."""

    passed: list[str] = field(default_factory=list)
    failed: str = ""
    error: BaseException | None = None
    text: str = ""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, call: pytest.CallInfo[None]) -> object:
        report = yield
        if call.excinfo is None:
            self.passed.append(call.when)
        elif self.error is None:
            self.failed, self.error = call.when, call.excinfo.value
            self.text = str(getattr(report, "longrepr", ""))
        return report

    @pytest.hookimpl
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.failed, self.text = "collect", str(report.longrepr)

    @property
    def well(self) -> bool:
        return not self.failed and "call" in self.passed

    def by(self, kind: type[BaseException]) -> bool:
        """Whether the test itself failed, and with an error of that kind: ``AssertionError`` stands for all that
        pytest's own words say too (``DID NOT RAISE``)."""
        kinds = (kind, pytest.fail.Exception) if kind is AssertionError else (kind,)
        return self.failed == "call" and isinstance(self.error, kinds)


def run(test: str, variant: AbstractContextManager[None] | None = None) -> Ended:
    """Run the test of that id, as the program is with the variant."""
    ended = Ended()
    with variant or nullcontext():
        pytest.main([*_OPTIONS, f"--rootdir={ROOT}", str(ROOT / test)], plugins=[ended])
    return ended
