"""The shell round every desk page: where one can go, in whose name one acts."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fengqiao.doors.desk.acting import ActingRequest
from fengqiao.doors.face.parts import Frame, NavGroup, NavItem
from fengqiao.doors.face.parts import Post as ShownPost
from fengqiao.doors.registering import may_register
from fengqiao.ground import codes, masking
from fengqiao.kernel.models import Post
from fengqiao.offices.letters import outbox


def frame_of(request: HttpRequest) -> Frame | None:
    """The frame for the post of this request; None where nobody acts."""
    if not hasattr(request, "post"):
        return None
    acting = cast(ActingRequest, request)
    post = acting.post
    return Frame(
        groups=(NavGroup("", _items(request)),),
        unit=post.unit.name,
        person=masking.mask_name(post.account.name),
        home=reverse("desk:worklist"),
        search=reverse("desk:library"),
        register=reverse("desk:register") if may_register(post) else "",
        notices=reverse("desk:notices"),
        unread=outbox.unread(post),
        account=reverse("accounts:account"),
        sign_out=reverse("accounts:sign_out"),
        switch_post=reverse("accounts:posts"),
        posts=[
            ShownPost(str(each.pk), f"{each.unit.name} · {role_name(each)}", each.pk == post.pk)
            for each in acting.posts
        ],
    )


def role_name(post: Post) -> str:
    """The role in the reader's language."""
    return codes.get("role", post.role).label(get_language() or "zh-hans")


def _items(request: HttpRequest) -> list[NavItem]:
    here = request.path
    rows = (
        (_("My tasks"), reverse("desk:worklist"), "checklist", "g t"),
        (_("All matters"), reverse("desk:library"), "archive", "g s"),
        (_("Supervision"), reverse("desk:supervision"), "rubber-stamp", "g d"),
        (_("Figures"), reverse("desk:figures"), "chart-dots", "g y"),
        (_("Reviews"), reverse("desk:reviews"), "message", "g p"),
    )
    return [NavItem(label, href, icon, current=here == href, keys=keys) for label, href, icon, keys in rows]
