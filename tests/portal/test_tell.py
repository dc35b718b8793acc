"""Telling a matter: what is asked, what is refused, and what becomes of it (SPEC 9, 10.2; domain rulings 2, 11, 12)."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.utils import translation

from fengqiao.doors.portal import filing, forms
from fengqiao.kernel.access import SystemPost, acting_as, matters_for
from fengqiao.kernel.models import Document, Event, ExcludedUnit, Matter, Message, Person, Source, Subject, Task, Text
from fengqiao.kernel.secrecy import words_of
from fengqiao.offices.papers.papers import MOST_WAITING
from tests.cast import JIA, VILLAGE, do
from tests.portal.conftest import Resident

KEEPER = SystemPost("keeper")


def matters() -> list[Matter]:
    with acting_as(KEEPER):
        return list(Matter.objects.order_by("opened_at"))


def the_matter() -> Matter:
    (matter,) = matters()
    return matter


def content(matter: Matter) -> str:
    with acting_as(KEEPER):
        rows = list(Text.objects.filter(matter=matter, kind="content"))
        return words_of(rows)[rows[0].pk]


def sees(post: Any, matter: Matter) -> bool:
    with acting_as(post):
        return matters_for(post).filter(pk=matter.pk).exists()


# The way through -----------------------------------------------------------------------------------------------------


def test_a_matter_told_in_two_steps_lands_at_the_hotline_and_gives_a_receipt(resident: Resident) -> None:
    second = resident.browser.post("/tell/2/", {"text": "村口的路灯坏了。", "nature": "help"})
    assert second.status_code == 200
    assert 'name="text" value="村口的路灯坏了。"' in second.content.decode()
    third = resident.browser.post("/tell/check/", resident.words())
    assert "示例一村" in third.content.decode()
    answer = resident.tell()
    assert (answer.status_code, answer["Location"]) == (302, "/tell/done/")
    matter = the_matter()
    assert (matter.channel, matter.kind, matter.place_id, matter.title) == (
        "web",
        "hotline",
        VILLAGE,
        "村口的路灯坏了一个星期",
    )
    assert sees(resident.cast.chen, matter)
    assert matter.number in resident.receipt()


def test_no_address_carries_a_word_of_the_person(resident: Resident) -> None:
    answer = resident.tell()
    assert "?" not in answer["Location"]
    shown = resident.ask(resident.code())
    assert [url for url, _status in shown.redirect_chain] == ["/progress/"]


def test_a_telling_without_words_is_refused_with_a_sentence_and_keeps_the_rest(resident: Resident) -> None:
    answer = resident.browser.post("/tell/2/", {"text": " ", "hope": "修好路灯"})
    assert answer.status_code == 422
    assert "Nothing is written yet. Write one sentence, or call 12345 and say it." in answer.content.decode()
    assert "修好路灯" in answer.content.decode()
    assert resident.tell(text="").status_code == 422
    assert matters() == []


def test_a_phone_number_with_a_digit_missing_is_told_so_and_stays_in_its_field(resident: Resident) -> None:
    answer = resident.browser.post("/tell/check/", resident.words(phone="1001234567"))
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "One digit is missing. A mobile number has 11 digits; please add the missing one." in text
    assert 'value="1001234567"' in text
    assert 'value="村口的路灯坏了一个星期。晚上老人走路看不见。"' in text


def test_a_real_city_refuses_the_numbers_of_the_demonstration(resident: Resident, settings: Any) -> None:
    settings.FENGQIAO_DEMO = False
    answer = resident.browser.post("/tell/check/", resident.words(town=None, village=None))
    assert "Numbers beginning with 100 belong to the demonstration." in answer.content.decode()


def test_the_demonstration_offers_invented_towns_only(resident: Resident, settings: Any) -> None:
    assert {code[6:7] for code, _name in forms.towns()} == {"9"}
    settings.FENGQIAO_DEMO = False
    assert {code[6:7] for code, _name in forms.towns()} & {"9"} == set()


def test_without_scripts_a_button_shows_the_villages_of_the_town(resident: Resident) -> None:
    before = resident.browser.post("/tell/2/", {"text": "路灯坏了"}).content.decode()
    after = resident.browser.post("/tell/2/", {"text": "路灯坏了", "town": JIA, "villages": "1"}).content.decode()
    assert "示例一村" not in before
    assert "示例一村" in after
    assert "示例五村" not in after


def test_with_scripts_the_villages_of_a_town_come_by_themselves(resident: Resident) -> None:
    assert ["330681901201", "示例一村"] in resident.browser.get("/tell/villages/?town=330681901").json()["villages"]
    assert resident.browser.get("/tell/villages/?town=1").json() == {"villages": []}


def test_a_village_of_another_town_is_asked_for_again(resident: Resident) -> None:
    answer = resident.browser.post("/tell/check/", resident.words(town="330681902"))
    assert answer.status_code == 422
    assert "Please choose again from the list." in answer.content.decode()


def test_whoever_knows_no_place_is_taken_in_at_the_city(resident: Resident) -> None:
    resident.tell(town=None, village=None, spot="老桥头小卖部对面")
    assert the_matter().place_id == "330681"
    assert "Where: 老桥头小卖部对面" in content(the_matter())


def test_the_same_form_sent_twice_makes_one_matter_and_shows_the_same_code(resident: Resident) -> None:
    words = resident.words()
    resident.browser.post("/tell/send/", words)
    first = resident.code()
    assert resident.browser.post("/tell/send/", words).status_code == 302
    assert len(matters()) == 1
    assert resident.code() == first


def test_the_same_form_with_other_words_asks_first_whether_it_is_another_matter(resident: Resident) -> None:
    words = resident.words()
    resident.browser.post("/tell/send/", words)
    answer = resident.browser.post("/tell/send/", {**words, "text": "还有一件事：水管也漏。"})
    assert answer.status_code == 422
    assert "This form was sent a moment ago." in answer.content.decode()
    assert f'value="{words["form"]}"' not in answer.content.decode()
    assert len(matters()) == 1


def test_large_and_simple_in_the_middle_of_a_form_loses_nothing(resident: Resident) -> None:
    answer = resident.browser.post("/tell/2/", {**resident.words(), "elder": "1"})
    assert 'class="phone is-elder"' in answer.content.decode()
    assert f'value="{resident.PHONE}"' in answer.content.decode()
    assert resident.browser.cookies["elder"].value == "1"


def test_a_step_that_is_opened_by_its_address_leads_to_the_first(resident: Resident) -> None:
    for path in ("/tell/2/", "/tell/check/", "/tell/send/"):
        assert resident.browser.get(path)["Location"] == "/tell/"


def test_the_title_is_the_first_sentence_without_anybodys_number() -> None:
    assert filing.title_of("村口的路灯坏了！晚上看不见。") == "村口的路灯坏了"
    assert "13812345678" not in filing.title_of("请打13812345678找我，水管漏了")
    assert len(filing.title_of("路" * 200)) == filing.TITLE


# Who it is -----------------------------------------------------------------------------------------------------------


def test_an_unnamed_telling_makes_no_row_of_a_person_and_its_code_works(resident: Resident) -> None:
    resident.tell(phone=None, word="老槐树")
    with acting_as(KEEPER):
        assert not Person.objects.exists()
    assert "Sent to" not in resident.receipt()
    shown = resident.ask(resident.code(), "老槐树")
    assert the_matter().number in shown.content.decode()


def test_an_unnamed_report_of_a_hazard_is_answered_by_code_and_word(resident: Resident) -> None:
    resident.tell(phone=None, word="老槐树", nature="report", text="山脚的加油点没有灭火器。")
    code = resident.code()
    assert not Person.objects.exists()
    assert the_matter().confidentiality == "protected"
    assert the_matter().number in resident.ask(code, "老槐树").content.decode()


def test_whoever_leaves_neither_phone_nor_word_is_asked_for_one(resident: Resident) -> None:
    answer = resident.browser.post("/tell/check/", resident.words(phone=None))
    assert answer.status_code == 422
    assert "We need one of the two to show you the answer." in answer.content.decode()


def test_four_digits_are_no_word(resident: Resident) -> None:
    answer = resident.browser.post("/tell/check/", resident.words(phone=None, word="1234"))
    assert "Four digits look like a phone number. Take a word." in answer.content.decode()


def test_the_wishes_about_calls_and_messages_are_kept(resident: Resident) -> None:
    resident.tell(calls="yes", call_when="晚上七点以后", no_sms="on")
    with acting_as(KEEPER):
        person = Person.objects.get()
        assert (person.call_back, person.wishes) == (True, {"no_sms": True})
    assert "Calls: may be called, 晚上七点以后" in content(the_matter())


def test_who_wishes_no_messages_is_sent_none(resident: Resident) -> None:
    resident.tell(no_sms="on")
    matter = do(resident.cast.chen, "hotline.not_accept", the_matter(), reason="other_way", way="请到法院。")
    with acting_as(KEEPER):
        assert not Message.objects.filter(matter=matter, way="sms").exists()


# Who shall not handle it ---------------------------------------------------------------------------------------------


def test_the_exclusion_question_stands_in_the_ruled_words() -> None:
    with translation.override("zh-hans"):
        field = forms.Reaching.base_fields["kept_away"]
        assert field.label == "有没有哪个单位、哪个人，您不想让他知道、不想让他来办？"
        assert [str(label) for _key, label in forms.KEPT_AWAY] == [
            "村里",
            "镇里",
            "别的单位",
            "某个人",
            "没有",
            "说不清",
        ]
        written = "If you want an answer in writing, leave name and address; we take it in without them too."
        assert translation.gettext(written) == "要书面答复，请留姓名和住址；不留也收"


def test_hard_to_say_means_that_no_post_of_the_town_ever_had_a_row(resident: Resident) -> None:
    resident.tell(kept_away=["unsure"])
    matter = the_matter()
    cast = resident.cast
    assert [sees(post, matter) for post in (cast.he, cast.qian, cast.zhou)] == [False, False, False]
    assert sees(cast.chen, matter)
    family = [cast.units[key].pk for key in ("jia", "jia_room", "jia_roads", "village")]
    with acting_as(KEEPER):
        assert Subject.objects.filter(matter=matter, resolved_at=None).count() == 1
        assert not Task.objects.filter(matter=matter, unit__in=family).exists()
        assert not Message.objects.filter(matter=matter, unit__in=family).exists()
        assert not Event.objects.filter(stream=str(matter.pk), unit_id__in=family).exists()


def test_the_town_that_is_named_is_excluded_with_its_family(resident: Resident) -> None:
    resident.tell(kept_away=["town", "none"])
    matter = the_matter()
    with acting_as(KEEPER):
        excluded = set(ExcludedUnit.objects.filter(matter=matter).values_list("unit", flat=True))
    assert {resident.cast.units[key].pk for key in ("jia", "jia_room", "village")} <= excluded
    assert not sees(resident.cast.he, matter)


def test_a_person_named_in_words_waits_for_the_citys_desk(resident: Resident) -> None:
    resident.tell(kept_away=["person"], kept_away_words="示例一村那个会计")
    with acting_as(KEEPER):
        (subject,) = Subject.objects.filter(matter=the_matter())
        assert words_of([subject.words])[subject.words_id] == "示例一村那个会计"
    assert "Whom you named does not see it" in resident.receipt()


@pytest.mark.parametrize("answer", [None, ["none"]])
def test_whoever_names_nobody_is_read_by_the_place_too(resident: Resident, answer: list[str] | None) -> None:
    resident.tell(kept_away=answer)
    assert sees(resident.cast.he, the_matter())


def test_a_complaint_that_leaves_the_question_open_is_read_by_the_city_first(resident: Resident) -> None:
    resident.tell(nature="complaint", text="办事拖了一个月，态度也不好。")
    assert not sees(resident.cast.he, the_matter())
    assert sees(resident.cast.chen, the_matter())


# Secrecy -------------------------------------------------------------------------------------------------------------


def test_a_report_is_protected_its_words_sealed_and_its_identity_masked(resident: Resident) -> None:
    from django.test import Client

    resident.tell(nature="report", name="王小示", text="工地半夜往河里倒泥浆。")
    matter = the_matter()
    assert matter.confidentiality == "protected"
    with acting_as(KEEPER):
        assert Text.objects.get(matter=matter, kind="content").body is None
        assert Person.objects.get().role == "reporter"
        assert b"\xe7\x8e\x8b" not in bytes(Person.objects.get().sealed)
    assert "Your name is protected." in resident.receipt()
    # The code alone, in another browser, says nothing of it.
    other = Resident(resident.cast)
    other.browser = Client()
    other.browser.cookies["fengqiao_language"] = "en"
    assert matter.number not in other.ask(resident.code(), "").content.decode()


def test_the_wish_for_secrecy_protects_like_a_report(resident: Resident) -> None:
    resident.tell(secrecy="on")
    assert the_matter().confidentiality == "protected"
    with acting_as(KEEPER):
        assert the_matter().hotline_order.wants_secrecy


# Photos --------------------------------------------------------------------------------------------------------------


def picture() -> io.BytesIO:
    from PIL import Image

    file = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(file, "JPEG")
    file.seek(0)
    file.name = "lamp.jpg"
    return file


def photo_ids(page: str) -> list[str]:
    import re

    return re.findall(r'name="photo" value="([0-9a-f-]+)"', page)


def test_photos_wait_with_the_form_and_join_the_dossier_when_it_is_sent(resident: Resident) -> None:
    page = resident.browser.post("/tell/2/", {"text": "路灯坏了", "photos": [picture(), picture()]}).content.decode()
    waiting = photo_ids(page)
    assert len(waiting) == 2
    resident.tell(photo=waiting)
    with acting_as(KEEPER):
        documents = list(Document.objects.filter(matter=the_matter()).order_by("piece"))
        assert [document.source_id for document in documents] == [Source.objects.get().pk] * 2
        assert {document.visibility for document in documents} == {"parties"}


def test_a_fourth_photo_and_a_file_that_is_none_are_refused_and_the_words_stay(resident: Resident) -> None:
    four = [picture() for _n in range(4)]
    answer = resident.browser.post("/tell/2/", {"text": "路灯坏了", "photos": four})
    assert answer.status_code == 422
    assert "Three photos can be sent." in answer.content.decode()
    assert len(photo_ids(answer.content.decode())) == 3
    sheet = io.BytesIO(b"only words")
    sheet.name = "words.txt"
    text = resident.browser.post("/tell/2/", {"text": "路灯坏了", "photos": [sheet]}).content.decode()
    assert "This is not a photo. Choose a photo." in text
    assert "路灯坏了" in text


def test_another_devices_photo_cannot_be_taken(resident: Resident) -> None:
    page = resident.browser.post("/tell/2/", {"text": "路灯坏了", "photos": [picture()]}).content.decode()
    stranger = Resident(resident.cast)
    answer = stranger.tell(photo=photo_ids(page))
    assert answer.status_code == 404
    assert "A photo is no longer here." in answer.content.decode()
    assert matters() == []
    assert MOST_WAITING >= filing.MOST_PHOTOS


# The receipt ---------------------------------------------------------------------------------------------------------


def test_the_receipt_says_number_code_who_by_when_and_what_is_next(resident: Resident) -> None:
    resident.tell()
    text = resident.receipt()
    assert the_matter().number in text
    assert len(resident.code().replace(" ", "")) == 12
    assert "No date yet: the hotline is choosing the unit. From that day the unit has 5 working days" in text
    assert "Your rights" in text
    assert "tel:12345" in text
    assert "tel:110" in text


def test_the_qr_is_a_picture_of_its_own_and_only_for_the_browser_that_told(resident: Resident) -> None:
    assert resident.browser.get("/tell/done/code.svg").status_code == 404
    resident.tell()
    drawn = resident.browser.get("/tell/done/code.svg")
    assert drawn["Content-Type"] == "image/svg+xml"
    assert drawn.content.startswith(b"<svg")


def test_the_receipt_is_gone_when_it_is_closed_and_was_never_there_for_others(resident: Resident) -> None:
    resident.tell()
    assert Resident(resident.cast).browser.get("/tell/done/").status_code == 404
    resident.browser.post("/tell/done/")
    answer = resident.browser.get("/tell/done/")
    assert answer.status_code == 404
    assert the_matter().number not in answer.content.decode()


def test_a_ticket_that_was_changed_opens_nothing(resident: Resident) -> None:
    resident.tell()
    resident.browser.cookies["fengqiao_receipt"] = resident.browser.cookies["fengqiao_receipt"].value[:-1] + "x"
    assert resident.browser.get("/tell/done/").status_code == 404
