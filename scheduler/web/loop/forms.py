"""What can be done to a loop, as forms.

Told by `tests/scheduler/web/test_loop.py`.
"""

from __future__ import annotations

from pydantic import Field

from scheduler.web.frame.forms import Form


class ChooseForm(Form):
    """Say yes to a plan."""

    proposal: str = Field(max_length=100)


class WhyForm(Form):
    """Something that may be given a reason: a code of the company's."""

    reason: str = Field("", max_length=100)


class CancelForm(WhyForm):
    """``message`` goes to the candidate and to everybody who was to come."""

    message: str = Field("", max_length=2000)


class OwnerForm(Form):
    """``owner`` is an id, an address or a name; empty gives the loop back to the recruiter."""

    owner: str = Field("", max_length=254)
