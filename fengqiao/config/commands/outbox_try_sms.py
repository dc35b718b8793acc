"""`fengqiao outbox try-sms NUMBER`: does the way out work?"""

import argparse
import uuid
from typing import Any

NAME = "outbox try-sms"
HELP = "Send one short message to a number of your own and say what the gateway answered."
NEEDS = "settings"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("number", metavar="NUMBER", help="a mobile number")


def run(args: argparse.Namespace) -> dict[str, Any]:
    from django.conf import settings
    from django.utils import translation

    from fengqiao.kernel import ports
    from fengqiao.offices.letters import outbox

    message = uuid.uuid4()
    told = {"id": str(message), "adapter": settings.FENGQIAO_PORTS["sms"][0]}
    try:
        with translation.override(settings.LANGUAGE_CODE):
            ports.sms().send(args.number, str(outbox.SMS), message)
    except ports.Unsent as unsent:
        return {"ok": False, **told, "code": unsent.code}
    return {"ok": True, **told, "code": "accepted"}


def show(answer: dict[str, Any]) -> str:
    said = "was accepted" if answer["ok"] else f"did not go out: {answer['code']}"
    return f"The message {answer['id']} {said} ({answer['adapter']})."
