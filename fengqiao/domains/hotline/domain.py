"""The hotline order, declared. Read this first; every move names who makes it, why, and on what it rests (SPEC M05)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from fengqiao.domains.hotline import archive, forms, handle, intake, reply, route
from fengqiao.domains.hotline.analyse import MEASURES
from fengqiao.kernel import archive as kernel_archive
from fengqiao.kernel import handle as kernel_handle
from fengqiao.kernel.domain import OPEN, STAYS, Domain, Keep, Move, Opens, State, TaskKind, register
from fengqiao.offices.supervision import steps
from fengqiao.offices.supervision.moves import moves as supervision_moves

OFFICE = ("office", "office_head", "desk")
HEAD = ("office_head", "desk")
LEAD = ("lead", "handler")
CITY_RULE = "12345: one lead unit, several assist"
BINDING = "12345: the office decides on jurisdiction"

# The desk alone reads what may name the unit that handles the order (A32).
AT_THE_DESK = Opens(texts=frozenset({"public", "parties", "staff", "desk"}))

STATES = (
    State("received", _("received"), _("Received"), no_clock="T-H03: the desk works day and night", step=1),
    State("dispatched", _("dispatched"), _("Sent to the unit"), clock="T-H01", step=2),
    State("return_asked", _("return asked"), _("Sent to the unit"), clock="T-H01", step=2),
    State("taken", _("taken"), _("Being worked on"), clock="T-H01", step=3),
    State("in_progress", _("in progress"), _("Being worked on"), clock="T-H01", step=3),
    State("redo", _("to be done again"), _("Being worked on again"), clock="T-H01", step=3),
    State("replied", _("answered, call back due"), _("Answered"), no_clock="the answer has stopped the limit", step=4),
    State("called_back", _("called back"), _("Asked how it went"), no_clock="the answer has stopped the limit", step=5),
    State("answered", _("answered on the spot"), _("Answered"), step=6, final=True),
    State("closed", _("closed"), _("Done"), step=6, final=True),
    State("not_accepted", _("not accepted"), _("Another way is right"), step=6, final=True),
    State("handed_over", _("handed over"), _("Handed over to emergency"), step=6, final=True),
    State("withdrawn", _("withdrawn"), _("Taken back"), step=6, final=True),
)
FINAL = tuple(state.key for state in STATES if state.final)
WITH_UNIT = ("dispatched", "taken", "in_progress", "redo")
UNANSWERED = ("received", *WITH_UNIT, "return_asked")

MOVES = (
    Move("answer_now", _("Answer on the spot"), ("received",), ("answered",), OFFICE, reply.answer_now,
         "most callers want to know something that is known", forms.AnswerNow, rank=2),
    Move("dispatch", _("Dispatch"), ("received",), ("dispatched",), OFFICE, route.dispatch,
         "one unit leads and answers", forms.Dispatch, law=CITY_RULE, starts=(), guard=route.unresolved, rank=1,
         many=True),
    Move("take", _("Take"), ("dispatched",), ("taken",), LEAD, handle.take_up,
         "the caller has a right to know who handles it", law="SPEC G12", rank=1, many=True),
    Move("start", _("Begin"), ("taken", "redo"), ("in_progress",), LEAD, handle.start,
         "work has begun", rank=2, many=True),
    Move("assign", _("Name the handler"), WITH_UNIT, STAYS, LEAD, route.assign,
         "the unit divides its work", forms.Assign, rank=6, many=True),
    Move("ask_return", _("Ask to return it"), ("dispatched", "taken"), ("return_asked",), LEAD, route.ask_return,
         "a wrong order goes back at once", forms.Return, law="T-H02", guard=route.bound, rank=4),
    Move("settle_return", _("Rule on the return"), ("return_asked",), ("dispatched",), OFFICE, route.settle_return,
         "jurisdiction is decided by the office, not between units", forms.Settle, law=BINDING, rank=1),
    Move("add_co", _("Ask units to assist"), (*WITH_UNIT, "return_asked"), STAYS, (*OFFICE, *LEAD), route.add_co,
         "several units, one lead", forms.AddCo, law=CITY_RULE, rank=6),
    Move("co_opinion", _("Give our part"), WITH_UNIT, STAYS, ("co",), handle.co_opinion,
         "the assisting unit reports to the lead", forms.Remark, rank=1),
    Move("extend", _("Extend the limit"), WITH_UNIT, STAYS, LEAD, handle.extend,
         "some work takes longer; the caller is told before the old date passes", forms.Extend, law="T-H01", rank=5),
    Move("reply", _("Answer the caller"), ("taken", "in_progress"), ("replied",), LEAD, reply.reply,
         "every caller gets an answer", forms.Reply, law="T-H01", rank=1),
    Move("call_back", _("Call back"), ("replied",), ("called_back",), OFFICE, reply.call_back,
         "the caller says whether it is done, not the unit", forms.CallBack, rank=1),
    Move("redo", _("Send back to be done again"), ("replied", "called_back"), ("redo",), OFFICE, handle.redo,
         "what was not done is done again", forms.Redo, law="SPEC M05", rank=3),
    Move("close", _("Close"), ("called_back",), ("closed",), OFFICE, archive.close,
         "answered and called back; a supervised order after the supervision", guard=steps.stands_open, rank=1,
         many=True),
    Move("not_accept", _("Show another way"), UNANSWERED, ("not_accepted",), OFFICE, reply.not_accept,
         "what belongs elsewhere is told so in writing, with the way", forms.NotAccept, law="SPEC G11",
         rank=4),
    Move("hand_over", _("Hand over to emergency"), OPEN, ("handed_over",), (*OFFICE, *LEAD), reply.hand_over,
         "danger cannot wait", forms.HandOver, law="SPEC M09", rank=7),
    Move("take_back", _("Take back from the unit"), (*WITH_UNIT, "return_asked"), ("received",), HEAD, route.take_back,
         "a wrong dispatch is mended by the office", forms.TakeBack, rank=7),
    Move("locate", _("Place and category"), OPEN, STAYS, OFFICE, route.locate,
         "an order without a place is placed by the desk", forms.Locate, rank=3),
    Move("resolve", _("Say who is meant"), OPEN, STAYS, OFFICE, route.resolve,
         "whoever is complained of never handles it", forms.Resolve, law="SPEC G1", rank=2, quiet=True),
    Move("exclude", _("Keep a unit away"), OPEN, STAYS, OFFICE, route.exclude,
         "whoever is complained of never handles it", forms.Exclude, law="SPEC G1", rank=7, quiet=True),
    Move("protect", _("Raise the secrecy"), OPEN, STAYS, OFFICE, handle.protect,
         "a reporter's name is known to the intake officer only", forms.Protect, law="SPEC G6", rank=8),
    Move("remark", _("Write down"), OPEN, STAYS, (*OFFICE, *LEAD, "co"), kernel_handle.remark,
         "every step is on record", forms.Remark, rank=5, many=True),
    Move("merge", _("Merge others into this"), OPEN, STAYS, OFFICE, handle.merge,
         "one matter, one handler, one answer for each caller", forms.Numbers, law="SPEC A28", rank=8),
    Move("unmerge", _("Take apart"), OPEN, STAYS, OFFICE, handle.unmerge,
         "a merge can be undone", forms.Unmerge, law="SPEC A28", rank=9),
    Move("link", _("Link another order"), OPEN, STAYS, (*OFFICE, *LEAD), handle.link,
         "what has to do with it is seen beside it", forms.LinkTo, rank=9),
    Move("renew_code", _("New query code"), (*(s.key for s in STATES),), STAYS, OFFICE, intake.renew_code,
         "a lost code is renewed by identity", forms.RenewCode, rank=9, quiet=True),
    Move("supplement", _("Add something"), OPEN, STAYS, ("party", *OFFICE), intake.supplement,
         "the caller may add at any time", forms.Supplement, law="SPEC G12", rank=6, quiet=True),
    Move("withdraw", _("Take it back"), OPEN, ("withdrawn",), ("party",), intake.withdraw,
         "only the caller may take it back", forms.Withdraw, rank=9, quiet=True),
    Move("confirm_withdrawal", _("Ask whether it is the person's own will"), OPEN, STAYS, OFFICE,
         intake.confirm_withdrawal,
         "after supervision a withdrawal counts only when a unit that never handled it has asked",
         forms.ConfirmWithdrawal, law=intake.AFTER, guard=intake.waits_for_other_unit, rank=2),
    Move("take_up_again", _("Take it up again"), ("withdrawn",), ("received",), ("party", *OFFICE),
         intake.take_up_again, "what was taken back can be taken up again for fifteen days",
         forms.TakeUpAgain, law=intake.AFTER, guard=intake.still_time, rank=5),
    Move("close_history", _("Close as answered elsewhere"), ("received",), ("closed",), ("system",),
         archive.close_history, "an imported order may have been answered before it came here", forms.History, rank=9),
    Move("archive", _("File"), FINAL, STAYS, (*OFFICE, "system"), kernel_archive.archive,
         "a closed order is kept for its term, then forgotten", law="SPEC 10.6",
         guard=archive.may_come_back, rank=1, many=True),
    *supervision_moves(office=HEAD, party=("party",), lead=LEAD),
)  # fmt: skip

TASK_KINDS = (
    TaskKind("dispatch", _("Dispatch"), "new"),
    TaskKind("take", _("Take"), "new"),
    TaskKind("check_subject", _("Say who is meant"), "new"),
    TaskKind("handle", _("Work on it and answer"), "working"),
    TaskKind("start", _("Do again"), "working"),
    TaskKind("assist", _("Give our part"), "working"),
    TaskKind("settle_return", _("Rule on the return"), "working"),
    TaskKind(intake.ASKED_WHETHER, _("Ask whether it is the person's own will"), "calling"),
    TaskKind("call_back", _("Call back"), "calling"),
    TaskKind("close", _("Close"), "closing"),
    *steps.TASK_KINDS,
)

HOTLINE = register(
    Domain(
        key="hotline",
        label=_("Hotline order"),
        intake=forms.Order,
        admit=intake.admit,
        first_reading=intake.first_reading,
        states=STATES,
        moves=MOVES,
        task_kinds=TASK_KINDS,
        start="received",
        place_rights={"hotline_agent": "office", "hotline_supervisor": "office_head", "command_room": "place_desk"},
        opens={
            "office": AT_THE_DESK,
            "office_head": AT_THE_DESK,
            "desk": AT_THE_DESK,
            "lead": Opens(),
            "handler": Opens(),
            "co": Opens(identity=False),
            "place_desk": Opens(texts=frozenset({"public", "parties"}), identity=False),
            "overseer": Opens(identity=False),
        },
        categories="hotline_category",
        keep=Keep(2, "SPEC 10.6: hotline, two years"),
        measures=MEASURES,
        record="hotline_order",
    )
)
