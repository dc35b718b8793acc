"""`@acting`: the post, its scope, and the pages of refusals."""

from fengqiao.doors.desk import acting
from fengqiao.kernel import access
from fengqiao.kernel.models import Event
from tests.accounts.entering import enter, words
from tests.cast import an_order


def looks(kind="access.refused"):
    with access.acting_as(access.SystemPost("keeper")):
        return list(Event.objects.filter(kind=kind).values_list("account_id", "matter_id"))


def test_a_page_shows_what_its_post_may_see_and_no_more(pages, client, cast):
    an_order(cast.chen)
    assert enter(client, cast.sun).get("/desk/").content.decode().split()[1] == "1"
    assert enter(client, cast.zhao).get("/desk/").content.decode().split()[1] == "0"


def test_an_answer_drawn_late_still_has_its_scope(pages, client, cast):
    an_order(cast.chen)
    assert "<p>1</p>" in enter(client, cast.sun).get("/desk/late/").content.decode()


def test_the_scope_is_gone_after_the_request(pages, client, cast):
    an_order(cast.chen)
    enter(client, cast.sun).get("/desk/")
    from fengqiao.kernel.models import Matter

    assert Matter.objects.count() == 0


def test_a_request_finds_its_post_with_one_query_beside_the_session(pages, client, cast):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    enter(client, cast.sun)
    with CaptureQueriesContext(connection) as run:
        client.get("/desk/")
    asked = [query["sql"] for query in run if "account" in query["sql"] or " post " in query["sql"]]
    assert len([sql for sql in asked if "from post " in sql]) == 1
    assert not [sql for sql in asked if 'FROM "account"' in sql]


def test_hidden_and_missing_are_one_page(pages, client, cast):
    order = an_order(cast.chen)
    enter(client, cast.zhao)
    hidden, missing = client.get(f"/desk/matters/{order.number}/"), client.get("/desk/matters/R2026-000-0000000/")
    assert hidden.status_code == missing.status_code == 404
    assert hidden.content == missing.content
    assert looks() == []


def test_an_administrator_gets_the_same_page_and_the_attempt_is_journalled(pages, client, cast):
    order = an_order(cast.chen)
    page = enter(client, cast.administrator).get(f"/desk/matters/{order.number}/")
    missing = enter(client, cast.zhao).get(f"/desk/matters/{order.number}/")
    assert page.status_code == 404
    assert words(page) == words(missing)
    assert order.title not in page.content.decode()
    assert looks() == [(cast.administrator.account_id, order.pk)]


def test_the_attempt_on_a_missing_matter_costs_the_administrator_the_same(pages, client, cast):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    order = an_order(cast.chen)
    enter(client, cast.administrator)
    client.get("/desk/matters/R2026-000-0000000/")
    counts = []
    for number in (order.number, "R2026-000-0000001"):
        with CaptureQueriesContext(connection) as run:
            client.get(f"/desk/matters/{number}/")
        counts.append(len(run))
    assert counts[0] == counts[1]


def test_administrators_auditors_and_data_officers_see_no_contents(pages, client, cast):
    an_order(cast.chen)
    for post in (cast.administrator, cast.auditor, cast.dpo):
        assert enter(client, post).get("/desk/").content.decode().split()[1] == "0"


def test_refusals_have_their_status_and_their_sentence(pages, client, cast):
    enter(client, cast.sun)
    for status, sentence in ((409, "It was answered already."), (412, "Somebody changed it."), (422, "The text")):
        page = client.get(f"/desk/refuse/{status}/")
        assert page.status_code == status
        assert sentence in words(page)


def test_a_part_of_a_page_gets_a_box_instead(pages, client, cast):
    enter(client, cast.sun)
    part = client.get("/desk/refuse/409/", headers={"HX-Request": "true"})
    assert part.status_code == 409
    assert part.content.decode().startswith('<div class="err-box"')


def test_a_part_asked_for_without_a_sign_in_keeps_the_page(pages, client, cast):
    part = client.get("/desk/", headers={"HX-Request": "true"})
    assert part.status_code == 401
    assert "/desk/sign-in/?next=" in part.content.decode()


def test_what_was_sent_after_the_session_ended_leads_back_to_its_page(pages, client, cast):
    sent = client.post("/desk/matters/R1/", headers={"Referer": "http://testserver/desk/matters/R1/?tab=2"})
    assert sent.headers["Location"] == "/desk/sign-in/?next=%2Fdesk%2Fmatters%2FR1%2F%3Ftab%3D2"
    sent = client.post("/desk/matters/R1/", headers={"Referer": "https://elsewhere.example/desk/"})
    assert sent.headers["Location"] == "/desk/sign-in/?next=%2Fdesk%2F"


def test_a_page_of_the_desk_is_never_kept_by_a_cache(pages, client, cast):
    assert "no-store" in enter(client, cast.sun).get("/desk/").headers["Cache-Control"]


def test_the_session_is_written_once_a_minute_at_most(pages, client, cast):
    enter(client, cast.sun)
    before = client.session[acting.SEEN]
    client.get("/desk/")
    assert client.session[acting.SEEN] == before
