"""The parts put together as a deployment does it: credentials in a folder, whom Google is asked for."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.errors import Forbidden
from connectors.types import Known, Unknown
from scheduler import wiring
from scheduler.config import Settings
from scheduler.domain.errors import BadInput
from scheduler.domain.people import Account
from scheduler.domain.subjects import Subject
from scheduler.domain.time import Span
from scheduler.services.company.read import read_company
from scheduler.services.planning import availability
from scheduler.wiring import FileTokens, Runtime, mails
from tests.connectors.servers.google_accounts import key_file
from tests.connectors.servers.google_harness import ORGANIZER, PEOPLE, populate
from tests.connectors.servers.google_proxy import intercepting

ADA = Subject.person("ada")
COMPANY = """
company: {{name: X, organizer: {{provider: {provider}, address: {address}}}}}
defaults: {{site: here}}
sites: [{{id: here, name: Here, zone: Europe/Berlin, hours: mon-fri 09:00-17:00}}]
people: [{{id: ada, name: Ada, email: ada@example.com}}]
"""


def test_what_is_put_is_for_this_user_only_and_whole(tmp_path: Path) -> None:
    tokens = FileTokens(tmp_path / "credentials")
    assert tokens.get("google") is None and not tokens.there("google")
    for content in (b"one", b"two"):
        tokens.put("google", content)
        assert tokens.get("google") == content
    assert [path.name for path in tokens.folder.iterdir()] == ["google.json"]
    assert stat.S_IMODE((tokens.folder / "google.json").stat().st_mode) == 0o600


def test_a_folder_that_cannot_be_written_to_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text("not a folder")
    with pytest.raises(Forbidden, match=r"google\.json: cannot be written: "):
        FileTokens(tmp_path / "credentials").put("google", b"secret")


def asked(runtime: Runtime) -> object:
    now = datetime.now(UTC)
    span = Span(now, now + timedelta(days=1))
    return availability.read(runtime.app, {ADA: Account("google", PEOPLE[0])}, span)[ADA]


def load(runtime: Runtime, provider: str, address: str) -> None:
    company = read_company(COMPANY.format(provider=provider, address=address), "yaml", "company.yaml")
    with runtime.app.db.write() as tx:
        tx.company.replace(company, datetime.now(UTC))


def test_google_is_asked_for_the_organizer_as_soon_as_there_is_one(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A company may be loaded, or change its organizer, while the service runs."""
    for name in ("https_proxy", "no_proxy", "NO_PROXY", "REQUESTS_CA_BUNDLE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    FileTokens(tmp_path / "credentials").put("google", key_file())
    with intercepting(tmp_path_factory.mktemp("authority")) as (server, bundle):
        populate(server)
        monkeypatch.setenv("HTTPS_PROXY", server.url)
        monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
        runtime = wiring.build(Settings(data=tmp_path))
        try:
            runtime.app.db.migrate()
            asked(runtime)  # for nobody: the service account itself
            load(runtime, "google", ORGANIZER)
            assert isinstance(asked(runtime), Known)
            assert server.world.log[-1][1] == ORGANIZER
            load(runtime, "google", "gone@example.com")
            refused = asked(runtime)
            assert isinstance(refused, Unknown) and "no such person" in refused.reason
            load(runtime, "outlook", ORGANIZER)  # on another service nobody of Google's is meant
            asked(runtime)
            assert server.world.log[-1][1] != ORGANIZER
        finally:
            runtime.close()


@pytest.mark.parametrize(
    ("address", "name"),
    [
        (
            "imaps://talent%40acme.example:p%26w@mail.acme.example",
            "imap:talent@acme.example@mail.acme.example/INBOX",
        ),
        ("imap://u:p@mail.acme.example:1143/Answers%20to%20us", "imap:u@mail.acme.example/Answers to us"),
        ("imap+none://u:p@localhost", "imap:u@localhost/INBOX"),
    ],
)
def test_the_mailbox_is_the_one_of_the_setting(tmp_path: Path, address: str, name: str) -> None:
    found = mails.mailbox(Settings(data=tmp_path, imap=address))
    assert found is not None and found.name == name
    assert mails.mailbox(Settings(data=tmp_path)) is None


@pytest.mark.parametrize(
    "address",
    ["imaps://mail.example", "imap+none://u:secret@mail.example", "imaps://u:secret@mail.example:port"],
)
def test_a_mailbox_that_cannot_be_is_one_line_without_its_password(tmp_path: Path, address: str) -> None:
    with pytest.raises(BadInput, match=r"^LOOPWRIGHT_IMAP: ") as caught:
        mails.mailbox(Settings(data=tmp_path, imap=address))
    assert "secret" not in str(caught.value) and "\n" not in str(caught.value)
