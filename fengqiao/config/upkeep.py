"""What the passing of time asks for: terms that ended, retention that is over, clocks that became certain.

Validity is asked at reading (ruling 16); nothing here makes a right or takes one. It writes the events, and
destroys what may not be kept any longer.
"""

from __future__ import annotations

import logging
import uuid
from datetime import datetime, timedelta

from django.db import connection, transaction

from fengqiao.config.backup import forgotten
from fengqiao.kernel import archive, journal, route, timekeeping
from fengqiao.kernel.access import SystemPost, acting_as
from fengqiao.kernel.docket import docket
from fengqiao.kernel.models import Bookmark, Clock, Event, Matter, Post
from fengqiao.kernel.now import now, today

log = logging.getLogger(__name__)

KEEPER, CLOCKS = SystemPost("keeper"), SystemPost("clocks")
BATCH = 200
WORDS_EVERY, WORDS_WHILE_FEW = timedelta(hours=20), timedelta(minutes=9)


def write_ended_posts() -> int:
    """The event of each term that ended by its date, and its tasks' rows; how many. Repeatable."""
    with acting_as(KEEPER):
        mark, _made = Bookmark.objects.select_for_update().get_or_create(name="posts_ended")
        since = datetime.fromisoformat(mark.data["until"]) if "until" in mark.data else None
        ended = Post.objects.filter(until__lte=now())
        if since:
            ended = ended.filter(until__gt=since)
        count = 0
        for post in ended.order_by("until"):
            if not _is_written(post):
                data = {"post": post.pk, "tasks": route.withdraw_tasks(post), "by_date": True}
                journal.note(KEEPER, "accounts", "post.ended", data=data)
                count += 1
        mark.data = {"until": now().isoformat()}
        mark.save(update_fields=["data"])
    return count


def _is_written(post: Post) -> bool:
    """Whether the ending of this term stands in the journal already, because somebody ended it by hand."""
    streams = Event.objects.filter(stream__gte="accounts:", stream__lt="accounts;", kind="post.ended")
    return streams.filter(data__post=post.pk, happened_at__gte=post.since).exists()


def forget_due(most: int = 1000) -> int:
    """Forget the matters whose term of keeping is over, each in its own transaction; how many."""
    with acting_as(KEEPER):
        over = Matter.objects.filter(archived_at__isnull=False, keep_until__lt=today())
        ids = list(
            over.exclude(last_kind="matter.forgotten").order_by("keep_until").values_list("pk", flat=True)[:most]
        )
    count = 0
    for pk in ids:
        with docket(KEEPER) as book:
            for matter in book.take_many([pk]):
                archive.forget(book, matter)
                count += 1
    forgotten.catch_up()
    return count


def settle_clocks() -> int:
    """Set provisional clocks whose year is loaded meanwhile (a load that was cut off); how many changed.

    Loading a year does this itself (`calendar_loading`). Nothing is reckoned while the known years stay the same.
    """
    years = sorted(timekeeping.calendar().published_years)
    with acting_as(CLOCKS):
        if Bookmark.objects.filter(name="clocks", data__years=years).exists():
            return 0
        waiting = Clock.objects.filter(provisional=True, stopped_at=None).select_related("matter")
        ids = sorted({clock.matter_id for clock in waiting.iterator() if timekeeping.again(clock)})
    count = 0
    for start in range(0, len(ids), BATCH):
        count += _settle(ids[start : start + BATCH])
    Bookmark.objects.update_or_create(name="clocks", defaults={"data": {"years": years}})
    return count


def _settle(ids: list[uuid.UUID]) -> int:
    count = 0
    with docket(CLOCKS) as book:
        for matter in book.take_many(ids):
            changed = [clock for clock in book.clocks(matter) if clock.provisional and timekeeping.again(clock)]
            for clock in changed:
                book.retimed(clock)
            if changed:
                data = {"clocks": [{"clock": str(clock.pk), "rule": clock.rule} for clock in changed]}
                book.event(matter, "clock.recomputed", data=data, law="SPEC 3.3")
                count += len(changed)
    return count


def count_words() -> int:
    """How rare each bigram is, for the search of duplicates: daily, and every ten minutes while there are few texts.

    Returns how many are kept, -1 when it was not yet time.
    """
    with transaction.atomic():
        mark, _made = Bookmark.objects.select_for_update().get_or_create(name="words")
        told = mark.data.get("at")
        pause = WORDS_EVERY if mark.data.get("kept") else WORDS_WHILE_FEW
        if told and now() - datetime.fromisoformat(told) < pause:
            return -1
        with connection.cursor() as cursor:
            cursor.execute("select count_bigrams()")
            kept = int((cursor.fetchone() or (0,))[0])
        mark.data = {"at": now().isoformat(), "kept": kept}
        mark.save(update_fields=["data"])
    return kept


def fold_search() -> int:
    """Fold new entries into the search index, so that no request has to read them unfolded; how many pages."""
    with connection.cursor() as cursor:
        cursor.execute("select fold_search()")
        pages: int = cursor.fetchone()[0]
    return pages
