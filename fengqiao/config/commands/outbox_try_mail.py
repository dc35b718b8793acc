"""`fengqiao outbox try-mail ADDRESS`: does the way out work?"""

import argparse
import uuid
from typing import Any

NAME = "outbox try-mail"
HELP = "Send one mail to an address of your own and say what the mail server answered."
NEEDS = "settings"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("address", metavar="ADDRESS", help="a mail address")


def run(args: argparse.Namespace) -> dict[str, Any]:
    from django.conf import settings
    from django.utils import translation

    from fengqiao.kernel import ports
    from fengqiao.offices.letters import outbox

    message = uuid.uuid4()
    told = {"id": str(message), "adapter": settings.FENGQIAO_PORTS["mail"][0]}
    try:
        with translation.override(settings.LANGUAGE_CODE):
            ports.mail().send(args.address, str(outbox.MAIL), str(outbox.MAIL), message)
    except ports.Unsent as unsent:
        return {"ok": False, **told, "code": unsent.code}
    return {"ok": True, **told, "code": "accepted"}


def show(answer: dict[str, Any]) -> str:
    said = "was accepted" if answer["ok"] else f"did not go out: {answer['code']}"
    return f"The mail {answer['id']} {said} ({answer['adapter']})."
