"""Notices on the desk: delivered by existing, read once, gone with the right to see the matter."""

from __future__ import annotations

from datetime import timedelta

from fengqiao.kernel import route
from fengqiao.kernel.access import acting_as
from fengqiao.kernel.docket import docket
from fengqiao.kernel.models import Matter, Message, Post
from fengqiao.kernel.now import at, now
from fengqiao.offices.letters import outbox
from tests.cast import Cast
from tests.outbox.conftest import Heard, a_matter, again, tell


def seen(by: Post) -> list[str]:
    with acting_as(by):
        return [row.template for row in outbox.notices(by)]


def lead_to_water(cast: Cast, matter: Matter) -> None:
    with docket(cast.chen) as book:
        taken = book.take("read", pk=matter.pk)
        route.lead(book, taken, cast.units["water"])
        book.event(taken, "hotline.tried")


def test_a_notice_is_on_the_desk_at_once_and_is_not_sent_anywhere(cast: Cast, heard: Heard) -> None:
    row = tell(cast, a_matter(cast), "desk", post=cast.chen, template="redo")
    assert seen(cast.chen) == ["redo"]
    assert outbox.send_due()["desk"] == 1
    assert heard.sent == []
    assert again(row).sent_at is not None
    assert seen(cast.sun) == []


def test_a_notice_of_a_unit_is_read_once_for_all_its_posts(cast: Cast) -> None:
    matter = a_matter(cast)
    lead_to_water(cast, matter)
    row = tell(cast, matter, "desk", unit=cast.units["water"], template="dispatched")
    assert seen(cast.li) == seen(cast.lin) == ["dispatched"]
    with acting_as(cast.li):
        assert outbox.mark_read(cast.li, [row.pk]) == 1
    with acting_as(cast.lin):
        assert not outbox.notices(cast.lin).filter(read_at=None).exists()


def test_nobody_reads_the_notices_of_others_away(cast: Cast) -> None:
    row = tell(cast, a_matter(cast), "desk", post=cast.chen)
    for other in (cast.sun, cast.li, cast.zhao):
        with acting_as(other):
            assert outbox.mark_read(other, [row.pk]) == 0
    assert again(row).read_at is None


def test_the_notice_of_a_matter_that_was_taken_away_is_gone_even_if_it_was_read(cast: Cast) -> None:
    matter = a_matter(cast)
    lead_to_water(cast, matter)
    row = tell(cast, matter, "desk", post=cast.li, template="dispatched")
    with acting_as(cast.li):
        outbox.mark_read(cast.li, [row.pk])
    with docket(cast.sun) as book:
        route.exclude(book, book.take("read", pk=matter.pk), [cast.units["water"]])
    assert "dispatched" not in seen(cast.li)
    assert "dispatched" not in seen(cast.lin)


def test_a_notice_that_can_be_called_back_shows_after_15_seconds(cast: Cast) -> None:
    matter = a_matter(cast)
    tell(cast, matter, "desk", post=cast.chen, undoable=True)
    assert seen(cast.chen) == []
    with at(now() + timedelta(seconds=16)):
        assert len(seen(cast.chen)) == 1


def test_every_template_has_words(cast: Cast) -> None:
    assert str(outbox.sentence("taken_over"))
    outbox.notice("a_new_template", "New words.")
    assert outbox.sentence("a_new_template") == "New words."
    assert str(outbox.sentence("never declared"))
    assert Message._meta.get_field("template").max_length == 40
