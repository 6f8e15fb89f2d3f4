"""A new key for the secrets: at every moment all of them are opened, and the old keys go behind it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.errors import Invalid
from scheduler.services.hiring import connecting, sealing
from scheduler.services.systems import Vault
from scheduler.services.telling import hooks
from tests.scheduler.services.hiring.kit import SECRET, Hiring


def keys(vault: Vault) -> list[bytes]:
    assert vault.path is not None
    return vault.path.read_bytes().split()


@pytest.fixture
def vault(hiring: Hiring, tmp_path: Path) -> Vault:
    """The one of this deployment, with its secrets sealed by a key in a file."""
    found = hiring.kit.app.systems.vault
    found.path, found._known = tmp_path / "hiring.key", None
    connecting.rotate(hiring.kit.app, "main", "test", timedelta(), SECRET)
    connecting.change(hiring.kit.app, "main", "test", credentials={"api_key": "an-api-key-of-ours"})
    return found


def test_every_secret_is_sealed_with_the_new_key(hiring: Hiring, vault: Vault) -> None:
    app, (first,) = hiring.kit.app, keys(vault)
    elsewhere, before = Vault(vault.path), vault.seal("on its way")
    assert elsewhere.open(before) == "on its way"
    assert sealing.rotate(app, "test") == 1
    assert keys(vault)[1:] == [first] and vault.path and vault.path.stat().st_mode & 0o777 == 0o600
    with app.db.read() as tx:
        (known,) = tx.hiring.list()
        assert [f.what for f in tx.facts.of("secrets")] == ["key_rotated"]
    assert vault.path is not None
    vault.path.write_bytes(keys(vault)[0])
    assert vault.open(known.secret) == SECRET and "an-api-key" in vault.open(known.credentials)
    assert elsewhere.open(known.secret) == SECRET, "another process reads the new key"
    with pytest.raises(Invalid):
        elsewhere.open(before)


def test_what_was_sealed_before_is_opened_until_the_next_one(hiring: Hiring, vault: Vault) -> None:
    before = vault.seal("on its way")
    sealing.rotate(hiring.kit.app, "test")
    assert vault.open(before) == "on its way"
    sealing.rotate(hiring.kit.app, "test")
    with pytest.raises(Invalid):
        vault.open(before)
    assert hiring.hook(hiring.apply(), SECRET)


def test_no_key_is_forgotten_while_a_secret_needs_it(hiring: Hiring, vault: Vault) -> None:
    app, (first,) = hiring.kit.app, keys(vault)
    with app.db.write() as tx:
        sealed = next(iter(tx.hiring.list())).secret
        tx.hiring.change("main", credentials=Vault().seal("by a key that is lost"))
    for made in (2, 3):
        with pytest.raises(Invalid, match="another key"):
            sealing.rotate(app, "test")
        assert len(keys(vault)) == made and keys(vault)[-1] == first
    assert vault.open(sealed) == SECRET


def test_the_secrets_of_hooks_are_sealed_too_and_those_from_before_with_the_next_key(
    hiring: Hiring, vault: Vault
) -> None:
    app = hiring.kit.app
    made = hooks.add(app, "https://ats.example.com/hook", (), "test")
    assert made.secret.startswith("whsec_")
    with app.db.write() as tx:
        (kept,) = tx.hooks.list()
        assert "whsec_" not in kept.secret and vault.open(kept.secret) == made.secret
        tx.hooks.put(replace(kept, id="hk_old", secret="whsec_b2xk"))  # as it was kept before
    turned = hooks.rotate(app, made.id, "test", timedelta(hours=1))
    sealing.rotate(app, "test")
    sealing.rotate(app, "test")
    with app.db.read() as tx:
        found = {hook.id: hook for hook in tx.hooks.list()}
    assert "whsec_" not in str([(h.secret, h.old_secret) for h in found.values()])
    assert hooks.secrets_of(app, found[made.id]) == [turned.secret, made.secret]
    assert hooks.secrets_of(app, found["hk_old"]) == ["whsec_b2xk"]
    assert vault.path is not None
    vault.path.write_bytes(b"")
    vault.path.unlink()
    with pytest.raises(Invalid, match="another key"):
        hooks.secrets_of(app, found[made.id])
