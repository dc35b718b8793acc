"""Asking how it goes: what a code opens, what a proof opens, and that every miss is alike (A9, A28; ruling 12)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from fengqiao.doors.portal import throttle
from fengqiao.doors.portal.models import Tries
from fengqiao.ground.numbers import check_digit
from fengqiao.kernel import intake
from fengqiao.kernel.access import SystemPost, acting_as
from fengqiao.kernel.models import Event, Matter, Source, Text
from fengqiao.kernel.now import at, now
from tests.cast import a_receipt, do
from tests.hotline import order
from tests.portal.conftest import Resident

KEEPER = SystemPost("keeper")
MISS = "These two do not belong together."
PROOF = "5678"


@pytest.fixture
def told(resident: Resident) -> str:
    """Wang told of the street lamp; his query code."""
    resident.tell()
    return resident.code().replace(" ", "")


def the_matter() -> Matter:
    with acting_as(KEEPER):
        return Matter.objects.order_by("opened_at")[0]


def nobodys() -> str:
    return "12345678901" + check_digit("12345678901")


def answered(cast: Any, matter: Matter) -> Matter:
    do(cast.chen, "hotline.dispatch", matter, unit="water")
    do(cast.li, "hotline.take", matter)
    return do(cast.li, "hotline.reply", matter, text="路灯已经修好，今晚会亮。", solved="yes")


def errors(answer: Any) -> str:
    text: str = answer.content.decode()
    begin = text.index('<div class="err-box"')
    return text[begin : text.index("</div>", begin)]


# What opens what -----------------------------------------------------------------------------------------------------


def test_the_code_alone_shows_one_word_and_the_date_and_12345(resident: Resident, told: str) -> None:
    do(resident.cast.chen, "hotline.dispatch", the_matter(), unit="water")
    text = resident.ask(told, "").content.decode()
    assert "Sent to the unit" in text
    assert "at the latest, that day included" in text
    assert "tel:12345" in text
    for hidden in (the_matter().number, "市水务局", "路灯", "I want to add something", "I want to take it back"):
        assert hidden not in text


@pytest.mark.parametrize("where", sorted(order.ROADS))
def test_wherever_the_order_is_code_and_proof_tell_how_it_goes(resident: Resident, told: str, where: str) -> None:
    for step in order.ROADS[where]:
        order.WAY[step](resident.cast, the_matter())
    answer = resident.ask(told)
    assert answer.status_code == 200
    assert the_matter().number in answer.content.decode()
    assert "You told us" in answer.content.decode()


def test_a_limit_that_was_extended_is_told(resident: Resident, told: str) -> None:
    for step in ("dispatched", "taken"):
        order.WAY[step](resident.cast, the_matter())
    do(resident.cast.lin, "hotline.extend", the_matter(), days=5, explanation="等备件，五个工作日内修好。")
    assert "等备件，五个工作日内修好。" in resident.ask(told).content.decode()


def test_code_and_proof_show_post_next_step_and_the_answer_but_no_name(resident: Resident, told: str) -> None:
    answered(resident.cast, the_matter())
    text = resident.ask(told).content.decode()
    assert the_matter().number in text
    assert "市水务局, Handler of a responsible unit" in text
    assert "路灯已经修好，今晚会亮。" in text
    assert "The hotline asks you whether it is solved." in text
    assert "晚上老人走路看不见" not in text  # never the contents (U2)
    assert ">li<" not in text


def test_a_code_is_read_as_people_type_it(resident: Resident, told: str) -> None:
    spaced = " - ".join([told[:4], told[4:8], told[8:]])
    assert the_matter().number in resident.ask(spaced).content.decode()


def test_a_code_with_a_digit_missing_is_told_so_and_costs_no_try(resident: Resident, told: str) -> None:
    answer = resident.ask(told[:-1])
    assert answer.status_code == 422
    assert "One digit is missing. There are 12; please compare with your receipt." in answer.content.decode()
    assert not Tries.objects.exists()


def test_every_miss_reads_alike(resident: Resident, told: str) -> None:
    missing, wrong = resident.ask(nobodys(), "0000"), resident.ask(told, "0000")
    alone = resident.ask(nobodys(), "")
    assert (missing.status_code, wrong.status_code, alone.status_code) == (422, 422, 422)
    assert MISS in errors(missing)
    assert errors(missing) == errors(wrong) == errors(alone)


def test_a_protected_matter_without_its_proof_reads_like_none(resident: Resident) -> None:
    resident.tell(nature="report")
    code = resident.code().replace(" ", "")
    hidden = resident.ask(code, "")
    assert errors(hidden) == errors(resident.ask(nobodys(), ""))
    assert hidden.status_code == 422
    assert the_matter().number in resident.ask(code).content.decode()


def test_a_renewed_code_closes_what_the_old_one_opened(resident: Resident, told: str) -> None:
    resident.ask(told)
    with acting_as(KEEPER):
        source = Source.objects.get()
    do(resident.cast.chen, "hotline.renew_code", the_matter(), source=str(source.pk), shown="身份证")
    assert the_matter().number not in resident.browser.get("/progress/").content.decode()
    assert MISS in resident.ask(told).content.decode()


def test_what_is_open_can_be_closed(resident: Resident, told: str) -> None:
    resident.ask(told)
    assert the_matter().number in resident.browser.get("/progress/").content.decode()
    resident.browser.post("/progress/leave/")
    assert the_matter().number not in resident.browser.get("/progress/").content.decode()


# The throttle --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("known", [True, False])
def test_after_five_wrong_tries_even_the_right_proof_waits_fifteen_minutes(
    resident: Resident, told: str, known: bool
) -> None:
    code, moment = (told if known else nobodys()), now()
    with at(moment):
        assert [resident.ask(code, "0000").status_code for _n in range(5)] == [422, 422, 422, 422, 429]
        waiting = resident.ask(code, PROOF)
        assert waiting.status_code == 429
        assert waiting["Retry-After"] == "900"
        assert "Five tries did not fit. Please wait 15 minutes, then try again." in waiting.content.decode()
    with at(moment + timedelta(minutes=14)):
        assert resident.ask(code, PROOF).status_code == 429
    with at(moment + timedelta(minutes=15)):
        assert resident.ask(code, PROOF).status_code == (200 if known else 422)


def test_another_code_is_not_throttled_with_it(resident: Resident, told: str) -> None:
    for _n in range(6):
        resident.ask(nobodys(), "0000")
    assert resident.ask(told).status_code == 200


def test_the_code_alone_does_not_wipe_out_wrong_tries(resident: Resident, told: str) -> None:
    for _n in range(4):
        resident.ask(told, "0000")
    assert resident.ask(told, "").status_code == 200
    assert resident.ask(told, "0000").status_code == 429


def test_the_right_proof_wipes_them_out(resident: Resident, told: str) -> None:
    for _n in range(4):
        resident.ask(told, "0000")
    assert resident.ask(told).status_code == 200
    assert not Tries.objects.exists()


def test_the_count_tells_no_code_and_is_swept(resident: Resident, told: str) -> None:
    resident.ask(told, "0000")
    assert told.encode() not in bytes(Tries.objects.get().code_hash)
    assert throttle.sweep() == 0
    with at(now() + timedelta(minutes=16)):
        assert throttle.sweep() == 1


# What the person can do ----------------------------------------------------------------------------------------------


def test_what_is_added_reaches_the_handler_and_is_shown_to_the_person(resident: Resident, told: str) -> None:
    resident.ask(told)
    answer = resident.browser.post("/progress/add/", {"text": "今天隔壁那盏也坏了。", "form": "a"}, follow=True)
    assert "It was added." in answer.content.decode()
    assert "今天隔壁那盏也坏了。" in answer.content.decode()
    resident.browser.post("/progress/add/", {"text": "今天隔壁那盏也坏了。", "form": "a"})
    with acting_as(KEEPER):
        assert Text.objects.filter(kind="supplement").count() == 1
        event = Event.objects.filter(stream=str(the_matter().pk), kind="hotline.supplement").get()
        assert event.actor.startswith("person:")


def test_nothing_to_add_is_told_so(resident: Resident, told: str) -> None:
    resident.ask(told)
    answer = resident.browser.post("/progress/add/", {"text": " ", "form": "a"})
    assert answer.status_code == 422
    assert "Nothing is written yet. Write what you want to add." in answer.content.decode()


@pytest.mark.parametrize("path", ["add", "urge", "withdraw", "again", "rate"])
def test_the_code_alone_lets_nobody_act(resident: Resident, told: str, path: str) -> None:
    resident.ask(told, "")
    before = the_matter().version
    answer = resident.browser.post(f"/progress/{path}/", {"text": "x", "grade": "good", "form": "a"})
    assert answer["Location"] == "/progress/"
    assert the_matter().version == before


def test_urging_reminds_the_unit_once_in_three_working_days(resident: Resident, told: str) -> None:
    do(resident.cast.chen, "hotline.dispatch", the_matter(), unit="water")
    resident.ask(told)
    assert (
        "The unit was reminded."
        in resident.browser.post("/progress/urge/", {"form": "u"}, follow=True).content.decode()
    )
    assert "You have urged. You can do it again from" in resident.browser.get("/progress/").content.decode()
    again = resident.browser.post("/progress/urge/", {"form": "v"})
    assert again.status_code == 422
    assert "The unit has been reminded." in again.content.decode()


def test_taking_it_back_ends_it(resident: Resident, told: str) -> None:
    resident.ask(told)
    answer = resident.browser.post("/progress/withdraw/", {"text": "已经修好了", "form": "w"}, follow=True)
    assert "Taken back" in answer.content.decode()
    assert the_matter().state == "withdrawn"
    assert "I want to add something" not in answer.content.decode()


def test_what_was_taken_back_is_taken_up_again_within_fifteen_days(resident: Resident, told: str) -> None:
    resident.ask(told)
    assert "Take it up again" not in resident.browser.get("/progress/").content.decode()
    early = resident.browser.post("/progress/again/", {"form": "e"})
    assert early.status_code >= 400
    answer = resident.browser.post("/progress/withdraw/", {"form": "w"}, follow=True)
    assert "Take it up again" in answer.content.decode()
    answer = resident.browser.post("/progress/again/", {"text": "又坏了", "form": "a"}, follow=True)
    assert "It was taken up again." in answer.content.decode()
    assert the_matter().state == "received"
    assert "I want to add something" in answer.content.decode()


def test_after_fifteen_days_it_is_told_anew(resident: Resident, told: str) -> None:
    resident.ask(told)
    resident.browser.post("/progress/withdraw/", {"form": "w"})
    with at(now() + timedelta(days=16)):
        resident.ask(told)
        assert "Take it up again" not in resident.browser.get("/progress/").content.decode()
        assert resident.browser.post("/progress/again/", {"form": "a"}).status_code >= 400
    assert the_matter().state == "withdrawn"


def test_one_says_how_it_went_once_there_is_an_answer(resident: Resident, told: str) -> None:
    resident.ask(told)
    early = resident.browser.post("/progress/rate/", {"grade": "good", "form": "r"})
    assert early.status_code == 422
    answered(resident.cast, the_matter())
    assert "How did it go?" in resident.browser.get("/progress/").content.decode()
    assert resident.browser.post("/progress/rate/", {"form": "r"}).status_code == 422
    answer = resident.browser.post("/progress/rate/", {"grade": "poor", "comment": "太慢", "form": "r"}, follow=True)
    assert "You said: Not satisfied" in answer.content.decode()
    assert "How did it go?" not in answer.content.decode()


# Merged, late, other tellers -----------------------------------------------------------------------------------------


def test_two_receipts_of_merged_matters_both_work_and_tell_no_other_number(resident: Resident, told: str) -> None:
    cast = resident.cast
    master = intake.receive(cast.chen, "hotline", a_receipt()).matter
    member = the_matter() if the_matter().pk != master.pk else Matter.objects.exclude(pk=master.pk).get()
    do(cast.chen, "hotline.merge", master, numbers=member.number, reason="同一盏灯")
    do(cast.chen, "hotline.dispatch", master, unit="water")
    text = resident.ask(told).content.decode()
    assert member.number in text
    assert "Sent to the unit" in text
    assert master.number not in text


def test_a_date_that_passed_is_told_with_an_apology(resident: Resident, told: str) -> None:
    do(resident.cast.chen, "hotline.dispatch", the_matter(), unit="water")
    with at(now() + timedelta(days=20)):
        assert "We are sorry." in resident.ask(told).content.decode()


def test_of_two_tellers_each_sees_the_answer_and_only_his_own_words_and_takes_only_his_own_back(
    resident: Resident, told: str
) -> None:
    # The same words of the same phone, through another channel, are a second receipt of one matter (ruling 3).
    again = a_receipt(content=resident.words()["text"], external_id="电话-2", received_at=now())
    (second,) = intake.receive_many(resident.cast.chen, "hotline", [again], joining=True)
    other = second.query_code
    assert second.matter.pk == the_matter().pk
    resident.ask(told)
    resident.browser.post("/progress/add/", {"text": "请先修我家这边。", "form": "a"})
    neighbour = Resident(resident.cast)
    assert "请先修我家这边。" not in neighbour.ask(other).content.decode()
    do(resident.cast.chen, "hotline.dispatch", the_matter(), unit="water")
    resident.browser.post("/progress/withdraw/", {"form": "w"})
    assert the_matter().state == "dispatched"
    assert "Taken back" in resident.browser.get("/progress/").content.decode()
    assert "Sent to the unit" in neighbour.browser.get("/progress/").content.decode()


def test_why_the_hotline_cannot_take_it_is_told_in_writing(resident: Resident, told: str) -> None:
    do(resident.cast.chen, "hotline.not_accept", the_matter(), reason="other_way", way="请到市民中心三楼。")
    text = resident.ask(told).content.decode()
    assert "Another way is right" in text
    assert "请到市民中心三楼。" in text
