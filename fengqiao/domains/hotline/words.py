"""Closed lists of the hotline, with the words for people. Keys stand in the journal and never change."""

from django.utils.translation import gettext_lazy as _

URGENCY = (("normal", _("normal")), ("urgent", _("urgent")))
SOLVED = (("yes", _("solved")), ("partly", _("partly solved")), ("no", _("not solved")))
REDO = (
    ("not_done", _("the unit did not act")),
    ("dissatisfied", _("the caller is dissatisfied, with a reason")),
    ("promise", _("what was promised was not kept")),
)
NOT_OURS = (
    ("litigation", _("before a court or decided by it")),
    ("arbitration", _("before an arbitration body")),
    ("discipline", _("for the discipline organ")),
    ("review", _("before an administrative review body")),
    ("disclosure", _("a request for government information")),
    ("petition", _("already handled as a petition")),
    ("secret", _("touches state, business or private secrets")),
    ("other_way", _("another way is the right one")),
)
EMERGENCY = (("110", "110"), ("119", "119"), ("120", "120"))
# The floor of the first reading (domain ruling 2): a text with one of these words goes to the city's desk first.
NAMES_AN_ORGAN = (
    "村委", "居委", "村干部", "村支书", "村主任", "村书记", "社区书记", "社区主任", "镇政府", "乡政府", "街道办",
    "镇长", "乡长", "镇党委", "派出所", "所长", "民警", "交警", "辅警", "城管", "执法队", "信访办", "村里干部",
    "网格员", "工作人员", "公职人员", "领导干部", "局长", "科长", "主任科员", "书记",
)  # fmt: skip
