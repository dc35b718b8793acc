"""What offices tell one another at the start, since none imports another: the whole list, to be read here."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class Wiring(AppConfig):
    name = "fengqiao.config"
    label = "wiring"

    def ready(self) -> None:
        _forget()
        _notices()
        _figures()


def _forget() -> None:
    """What goes with a matter at the end of its term of keeping, beside its own texts, persons and keys."""
    from fengqiao.config.backup import forgotten
    from fengqiao.kernel import archive
    from fengqiao.offices.papers import papers
    from fengqiao.offices.reviews import give

    archive.on_forgetting(papers.forget)
    archive.on_forgetting(give.forget)
    archive.on_forgetting(forgotten.note)


def _notices() -> None:
    """What the notices of other offices and of the domains say on a desk."""
    from fengqiao.offices.letters import outbox

    for template, sentence in {
        "supervision_urged": _("Your unit is urged in a matter. Say what was done and when it will be finished."),
        "supervision_supervised": _(
            "Your unit is supervised in a matter. An answer is due; the day stands on the task."
        ),
        "supervision_listed": _("A matter of your unit was put on the public list. An answer is due."),
        "supervision_answered": _("The unit has answered the supervision. Ask the person, then end or extend it."),
        "supervision_ended": _("The supervision of a matter of your unit has ended."),
        "review_answered": _("What a person found bad was put right and answered."),
        "withdrawal_waits": _("A person wants to take a supervised matter back. Ask whether it is his own will."),
        "taken_up_again": _("A person takes up again what he had taken back."),
    }.items():
        outbox.notice(template, sentence)


def _figures() -> None:
    """Figures of offices, beside those that the domains declare."""
    from fengqiao.kernel import analyse
    from fengqiao.offices.reviews.figures import MEASURES

    analyse.also(*MEASURES)
