"""The four secrets: made once, kept private, rotated, never silently replaced."""

import base64
import errno
import os
import pwd
from dataclasses import replace

import pytest
from django.core import signing
from django.test import override_settings

from fengqiao.config import secrets
from fengqiao.ground import durable
from fengqiao.kernel import keys


def test_the_first_start_makes_four_private_secrets_and_the_next_keeps_them(tmp_path):
    made = secrets.ensure(tmp_path, {})
    assert set(made) == set(keys.NAMES)
    for name in keys.NAMES:
        assert secrets.path(tmp_path, name).stat().st_mode & 0o777 == 0o600
        assert len(made[name][0].secret) >= 32
    assert secrets.path(tmp_path, "data").parent.stat().st_mode & 0o777 == 0o700
    assert len({made[name][0].secret for name in keys.NAMES}) == 4
    assert secrets.ensure(tmp_path, {}) == made


def test_a_secret_that_was_made_before_is_never_made_again_silently(tmp_path):
    secrets.ensure(tmp_path, {})
    secrets.path(tmp_path, "data").unlink()
    with pytest.raises(secrets.BadSecret, match="data was made before and is gone"):
        secrets.ensure(tmp_path, {})


def test_a_variable_wins_over_the_file(tmp_path):
    secrets.ensure(tmp_path, {})
    other = secrets.new_key()
    found = secrets.ensure(tmp_path, {"FENGQIAO_KEY_JOURNAL": secrets.as_text([other])})
    assert found["journal"] == [other]


def test_rotating_puts_a_new_key_first_and_keeps_the_old_one_for_reading(tmp_path):
    before = secrets.ensure(tmp_path, {})["journal"]
    made = secrets.rotate(tmp_path, "journal", {}, settle=0)
    assert secrets.read(tmp_path, {})["journal"] == [made, *before]
    with override_settings(FENGQIAO_KEYS=secrets.read(tmp_path, {})):
        assert keys.current("journal") == made
        assert keys.first("journal") == before[0]
        assert keys.by_id("journal", before[0].id) == before[0]
        with pytest.raises(keys.KeyMissing, match="is not here"):
            keys.by_id("journal", "19990101-abcdef")


def test_a_key_is_known_to_all_before_anything_is_made_with_it(tmp_path, monkeypatch):
    (before,) = secrets.ensure(tmp_path, {})["hash"]
    seen = []
    monkeypatch.setattr(secrets.time, "sleep", lambda seconds: seen.append(secrets.read(tmp_path, {})["hash"]))
    made = secrets.rotate(tmp_path, "hash", {})
    assert seen == [[before, replace(made, coming=True)], [made, before]]
    with override_settings(FENGQIAO_KEYS={"hash": seen[0]}):
        assert keys.current("hash") == keys.first("hash") == before
        assert keys.by_id("hash", made.id).secret == made.secret


def test_a_rotation_that_was_cut_off_is_finished_by_the_next(tmp_path, monkeypatch):
    (before,) = secrets.ensure(tmp_path, {})["data"]

    def cut_off(seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(secrets.time, "sleep", cut_off)
    with pytest.raises(KeyboardInterrupt):
        secrets.rotate(tmp_path, "data", {})
    coming = secrets.read(tmp_path, {})["data"][-1]
    assert coming.coming
    monkeypatch.undo()
    assert secrets.rotate(tmp_path, "data", {}, settle=0).id == coming.id
    assert [key.id for key in secrets.read(tmp_path, {})["data"]] == [coming.id, before.id]


def test_a_coming_key_alone_is_no_secret(tmp_path):
    secrets.ensure(tmp_path, {})
    lines = secrets.path(tmp_path, "data").read_text()
    secrets.path(tmp_path, "data").write_text("+" + lines)
    with pytest.raises(secrets.BadSecret, match="at least one key"):
        secrets.read(tmp_path, {})


def looking_at_once(tmp_path, monkeypatch):
    """The secrets of a running process that looks at the files each time."""
    monkeypatch.setattr(secrets, "LOOK_SECONDS", 0)
    for name in keys.NAMES:
        monkeypatch.delenv(secrets.variable(name), raising=False)
    secrets.ensure(tmp_path)
    return secrets.Kept(tmp_path)


def test_a_running_process_sees_a_new_key_and_django_gets_its_own(tmp_path, monkeypatch, settings):
    kept = looking_at_once(tmp_path, monkeypatch)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = secrets.for_django(kept)
    signed = signing.dumps("Wang")
    for name in keys.NAMES:
        made = secrets.rotate(tmp_path, name, settle=0)
        assert kept[name][0] == made
    assert secrets.for_django(kept) == (settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS)
    assert signing.dumps("Wang") != signed
    assert signing.loads(signed) == "Wang"


def test_a_running_process_keeps_its_keys_when_a_file_is_spoilt_or_gone_and_says_so(tmp_path, monkeypatch, caplog):
    kept = looking_at_once(tmp_path, monkeypatch)
    before = dict(kept)
    secrets.path(tmp_path, "data").write_text("nonsense")
    assert dict(kept) == before
    assert "The keys of before are used on." in caplog.text
    secrets.path(tmp_path, "data").unlink()
    assert dict(kept) == before
    assert "The secret data is gone" in caplog.text


def test_who_cannot_read_our_files_is_handed_copies_and_new_ones_after_a_rotation(tmp_path):
    data, folder = tmp_path / "data", tmp_path / "handed"
    secrets.ensure(data, {})
    handed = secrets.HandedOver(data, folder, pwd.getpwuid(os.geteuid()))
    handed.keep()
    assert secrets.read(folder, {}) == secrets.read(data, {})
    secrets.rotate(data, "journal", {}, settle=0)
    assert handed.keep() == ""
    assert secrets.read(folder, {}) == secrets.read(data, {})
    for name in keys.NAMES:
        assert secrets.path(folder, name).stat().st_mode & 0o777 == 0o600


def test_on_a_full_disk_the_copies_of_before_stay_and_it_is_told_once(tmp_path, monkeypatch):
    data, folder = tmp_path / "data", tmp_path / "handed"
    before = secrets.ensure(data, {})
    handed = secrets.HandedOver(data, folder, pwd.getpwuid(os.geteuid()))
    handed.keep()
    secrets.rotate(data, "journal", {}, settle=0)

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    really = os.fsync
    monkeypatch.setattr(durable.os, "fsync", full)
    assert "could not be handed on (No space left on device)" in handed.keep()
    assert handed.keep() == ""
    assert secrets.read(folder, {}) == before
    with pytest.raises(secrets.BadSecret, match="could not be handed on"):
        secrets.HandedOver(data, tmp_path / "other", pwd.getpwuid(os.geteuid())).keep()
    assert [path.name for path in folder.rglob("*.part")] == []
    monkeypatch.setattr(durable.os, "fsync", really)
    assert handed.keep() == ""
    assert secrets.read(folder, {}) == secrets.read(data, {})


def test_a_secret_from_a_variable_is_rotated_where_it_comes_from(tmp_path):
    given = {"FENGQIAO_KEY_DATA": secrets.as_text([secrets.new_key()])}
    with pytest.raises(secrets.BadSecret, match="comes from FENGQIAO_KEY_DATA"):
        secrets.rotate(tmp_path, "data", given)


@pytest.mark.parametrize(
    "value",
    ["", "nonsense", "id-1:not base64!", "id-1:" + base64.b64encode(b"short").decode(), "ID:" + "A" * 44],
)
def test_an_unreadable_or_short_secret_is_refused(tmp_path, value):
    secrets.ensure(tmp_path, {})
    secrets.path(tmp_path, "hash").write_text(value)
    with pytest.raises(secrets.BadSecret, match=r"hash\.key must hold"):
        secrets.read(tmp_path, {})


def test_a_secret_that_others_can_read_is_refused(tmp_path):
    secrets.ensure(tmp_path, {})
    secrets.path(tmp_path, "hash").chmod(0o644)
    with pytest.raises(secrets.BadSecret, match="chmod 600"):
        secrets.read(tmp_path, {})


def test_a_missing_key_is_told_with_what_to_do():
    with override_settings(FENGQIAO_KEYS={}), pytest.raises(keys.KeyMissing, match="fengqiao up"):
        keys.current("data")


def test_a_key_never_shows_its_secret():
    key = secrets.new_key()
    assert base64.b64encode(key.secret).decode() not in repr(key)
    assert repr(key.secret) not in repr(key)
