"""The four secrets: made once, kept private, rotated, never silently replaced."""

import base64

import pytest
from django.test import override_settings

from fengqiao.config import secrets
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
    made = secrets.rotate(tmp_path, "journal", {})
    assert secrets.read(tmp_path, {})["journal"] == [made, *before]
    with override_settings(FENGQIAO_KEYS=secrets.read(tmp_path, {})):
        assert keys.current("journal") == made
        assert keys.by_id("journal", before[0].id) == before[0]
        with pytest.raises(keys.KeyMissing, match="is not here"):
            keys.by_id("journal", "19990101-abcdef")


def test_the_hash_key_is_not_rotated_and_a_sentence_says_why(tmp_path):
    before = secrets.ensure(tmp_path, {})
    with pytest.raises(secrets.BadSecret, match="kept twice"):
        secrets.rotate(tmp_path, "hash", {})
    assert secrets.read(tmp_path, {}) == before


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
