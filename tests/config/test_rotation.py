"""A new hash key: nobody loses the way to his matter, before, while and after the rows are hashed anew."""

from __future__ import annotations

from typing import Any

import pytest

from fengqiao.config import rehash, secrets
from fengqiao.doors import outages
from fengqiao.doors.portal import status
from fengqiao.ground import numbers
from fengqiao.kernel import archive, intake, keys, same
from fengqiao.kernel.access import acting_as
from fengqiao.kernel.docket import docket
from fengqiao.kernel.models import Bookmark, Event, Matter, Person, Source
from fengqiao.offices.accounts import secondfactor, tokens
from fengqiao.offices.audit import audit
from tests.accounts.entering import enter
from tests.cast import WANG, Cast, a_receipt, an_order, build

PHONE = WANG.phone


@pytest.fixture
def cast(db: None) -> Cast:
    return build()


@pytest.fixture
def rotate(settings: Any) -> Any:
    """Give the hash key (or another) a successor, as every process sees it in the end."""
    settings.FENGQIAO_KEYS = dict(settings.FENGQIAO_KEYS)

    def to_a_new_key(name: str = "hash") -> keys.Key:
        made = secrets.new_key()
        settings.FENGQIAO_KEYS = settings.FENGQIAO_KEYS | {name: [made, *keys.all_of(name)]}
        return made

    return to_a_new_key


def walk(**how: Any) -> int:
    return rehash.go_on(**how)


def hashes() -> dict[str, list[bytes]]:
    """Every look-up hash that stands in a row."""
    with acting_as(rehash.KEEPER):
        people = Person.objects.order_by("pk").values_list("phone_hash", "id_hash")
        sources = Source.objects.order_by("pk").values_list("code_hash", "proof_hash", "fingerprint")
        return {
            "person": [bytes(each) for row in people for each in row if each],
            "source": [bytes(each) for row in sources for each in row if each],
        }


def test_wang_finds_his_matter_by_the_code_of_before_at_every_moment(cast: Cast, rotate: Any) -> None:
    told = intake.receive(cast.chen, "hotline", a_receipt())
    rotate()
    for moment in ("before the walk", "after it"):
        source, proven = status.find(told.query_code, PHONE[-4:])
        assert source is not None, moment
        assert source.matter_id == told.matter.pk
        assert proven, moment
        assert intake.code_of(source) == told.query_code, moment
        assert status.find(told.query_code, "9999") == (None, False), moment
        walk()


def test_a_chosen_word_goes_on_opening(cast: Cast, rotate: Any) -> None:
    told = intake.receive(cast.chen, "hotline", a_receipt(parties=(), word="小河边"))
    rotate()
    walk()
    rotate()
    walk()
    assert status.find(told.query_code, "小河边")[1]
    assert status.find(told.query_code, "小河") == (None, False)


def test_after_the_walk_no_row_carries_a_hash_of_before(cast: Cast, rotate: Any) -> None:
    an_order(cast.chen, parties=(intake.Party(name="王小示", phone=PHONE, id_no="330681199001011234"),))
    an_order(cast.chen, confidentiality="protected", content="有人把污水倒进河里，请不要说是我说的。")
    before = hashes()
    assert len(before["person"]) == 3
    assert len(before["source"]) == 6
    rotate()
    assert rehash.waiting() != []
    assert walk() == 2
    after = hashes()
    assert {name: len(found) for name, found in after.items()} == {name: len(found) for name, found in before.items()}
    assert not {each for found in before.values() for each in found} & {
        each for found in after.values() for each in found
    }
    assert rehash.waiting() == []


def test_the_rows_of_after_are_those_that_a_new_city_would_have(cast: Cast, rotate: Any, settings: Any) -> None:
    """With the old key thrown away the new hashes alone find phone, text and code."""
    told = intake.receive(cast.chen, "hotline", a_receipt())
    made = rotate()
    walk()
    settings.FENGQIAO_KEYS = settings.FENGQIAO_KEYS | {"hash": [made]}
    assert status.find(told.query_code, PHONE[-4:])[1]
    with acting_as(cast.chen):
        found, _of_all = same.candidates(
            cast.chen, an_order(cast.chen, content="另一件事，路面塌了。"), "另一件事", [PHONE]
        )
    assert "same_phone" in {reason for each in found for reason in each.reasons}


def test_a_code_whose_key_is_lost_is_not_made_up_but_told(cast: Cast, rotate: Any, settings: Any) -> None:
    told = intake.receive(cast.chen, "hotline", a_receipt())
    settings.FENGQIAO_KEYS = settings.FENGQIAO_KEYS | {"hash": [secrets.new_key()]}
    with acting_as(rehash.KEEPER):
        source = Source.objects.get(matter=told.matter)
    with pytest.raises(keys.KeyMissing, match="bring back the secrets folder"):
        intake.code_of(source)


@pytest.mark.parametrize("walked", [False, True])
def test_the_same_words_of_the_same_person_join_across_a_rotation(cast: Cast, rotate: Any, walked: bool) -> None:
    first = intake.receive(cast.chen, "hotline", a_receipt())
    rotate()
    if walked:
        walk()
    (again,) = intake.receive_many(cast.chen, "hotline", [a_receipt()], joining=True)
    assert again.matter.pk == first.matter.pk
    assert again.how != "created"


@pytest.mark.parametrize("walked", [False, True])
def test_a_batch_is_told_who_called_with_the_same_phone_across_a_rotation(
    cast: Cast, rotate: Any, walked: bool
) -> None:
    an_order(cast.chen)
    rotate()
    if walked:
        walk()
    others = [a_receipt(title=f"另一件事 {n}", content=f"第 {n} 条街的井盖不见了，有危险。") for n in range(2)]
    made = intake.receive_many(cast.chen, "hotline", others)
    reasons = [{reason for like in each.likely for reason in like.reasons} for each in made]
    assert all("same_phone" in each for each in reasons), reasons


def test_numbers_and_unnumbered_rows_of_a_file_keep_their_names(cast: Cast, rotate: Any) -> None:
    from fengqiao.kernel import ciphers

    names = [ciphers.lasting_hash("number", "hotline"), ciphers.lasting_hash("row", "一行")]
    rotate()
    assert [ciphers.lasting_hash("number", "hotline"), ciphers.lasting_hash("row", "一行")] == names
    assert ciphers.lookup_hash("phone", PHONE) != ciphers.lookup_hashes("phone", PHONE)[1]


def test_a_recovery_code_of_before_opens_once(cast: Cast, rotate: Any) -> None:
    account = cast.li.account
    code, *_others = secondfactor.renew_recovery_codes(account)
    rotate()
    assert secondfactor.check(account, code) == "recovery"
    assert secondfactor.check(account, code) == ""


def test_a_walk_that_is_cut_off_goes_on_where_it_was(cast: Cast, rotate: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(rehash, "BATCH", 1)
    for _n in range(3):
        an_order(cast.chen)
    rotate()

    def cut_off(done: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        walk(progress=cut_off)
    assert rehash.waiting() != []
    assert walk() == 1
    assert walk() == 0


def test_what_comes_after_the_walk_is_not_walked_again(cast: Cast, rotate: Any) -> None:
    an_order(cast.chen)
    rotate()
    assert walk() == 1
    an_order(cast.chen)
    assert rehash.waiting() == []
    assert walk() == 0
    rotate()
    assert walk() == 2


def test_a_city_without_matters_is_walked_at_once(cast: Cast, rotate: Any) -> None:
    rotate()
    assert walk() == 0
    an_order(cast.chen)
    assert rehash.waiting() == []


def test_with_one_key_there_is_nothing_to_walk(cast: Cast) -> None:
    an_order(cast.chen)
    assert walk() == 0
    assert rehash.waiting() == []
    assert not Bookmark.objects.filter(name=rehash.MARK).exists()


def test_a_forgotten_matter_stays_forgotten(cast: Cast, rotate: Any) -> None:
    matter = an_order(cast.chen)
    with docket(rehash.KEEPER) as book:
        archive.forget(book, book.take_many([matter.pk])[0])
    rotate()
    assert walk() == 1
    assert hashes()["person"] == []


def test_the_walk_leaves_version_and_journal_of_a_matter_alone(cast: Cast, rotate: Any) -> None:
    matter = an_order(cast.chen)
    rotate()
    walk()
    with acting_as(rehash.KEEPER):
        assert Matter.objects.get(pk=matter.pk).version == matter.version
    assert audit.verify().verified


def test_old_lines_of_the_journal_verify_under_their_key_and_new_ones_under_theirs(cast: Cast, rotate: Any) -> None:
    matter = an_order(cast.chen)
    old, made = keys.current("journal"), rotate("journal")
    rehash.note_rotation("journal", made.id)
    an_order(cast.chen)
    assert audit.verify().verified
    with acting_as(rehash.KEEPER):
        assert Event.objects.filter(matter=matter).latest("seq").key_id == old.id
        event = Event.objects.get(kind="key.rotated")
    assert (event.key_id, event.data) == (made.id, {"name": "journal", "key": made.id})


def test_what_was_sealed_under_an_older_data_key_is_read_and_without_that_key_a_sentence_says_so(
    cast: Cast, rotate: Any, settings: Any
) -> None:
    matter = an_order(cast.chen)
    made = rotate("data")
    with acting_as(rehash.KEEPER):
        person = Person.objects.get(matter=matter)
    from fengqiao.kernel import ciphers

    assert ciphers.unseal_json(person.sealed, person.pk.bytes)["phone"] == PHONE
    settings.FENGQIAO_KEYS = settings.FENGQIAO_KEYS | {"data": [made]}
    with pytest.raises(keys.KeyMissing, match="is not here: bring back the secrets folder"):
        ciphers.unseal_json(person.sealed, person.pk.bytes)


def test_with_a_lost_key_page_and_api_say_so_and_the_log_names_the_key(
    cast: Cast, client: Any, settings: Any, caplog: Any
) -> None:
    matter = an_order(cast.chen, confidentiality="protected")
    lost, told = keys.current("data"), "a key of this machine is missing"
    settings.FENGQIAO_KEYS = dict(settings.FENGQIAO_KEYS) | {"data": [secrets.new_key()]}
    outages.telling.over("the API")
    client.raise_request_exception = False
    slug = numbers.parse(matter.number).slug
    bearer = {"Authorization": f"Bearer {tokens.make(cast.sun)}", "Accept-Language": "en"}
    answer = client.get(f"/api/v1/matters/{slug}/sources", headers=bearer)
    assert (answer.status_code, answer.json()["code"]) == (503, "key_missing")
    enter(client, cast.sun)
    page = client.get(f"/desk/matters/{slug}/", headers={"Accept-Language": "en"})
    assert page.status_code == 503
    for said in (answer.content.decode(), page.content.decode()):
        assert told in said
        assert lost.id not in said
    assert lost.id in caplog.text
