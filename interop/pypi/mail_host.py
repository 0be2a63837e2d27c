"""A mail host: says where it listens, takes one message after a login, prints what it got as JSON, and ends."""

import json
import os
import socket
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from email import message_from_bytes, policy

USER, PASSWORD = sys.argv[1:3]


def authenticate(server, session, envelope, mechanism, data):
    is_right = (
        isinstance(data, LoginPassword)
        and data.login.decode() == USER
        and data.password.decode() == PASSWORD
    )
    return AuthResult(success=is_right, handled=False)


class Mailbox:
    async def handle_DATA(self, server, session, envelope):
        message = message_from_bytes(envelope.content, policy=policy.default)
        print(
            json.dumps(
                {
                    "authenticated": session.authenticated,
                    "mail_from": envelope.mail_from,
                    "rcpt_to": envelope.rcpt_tos,
                    "from": str(message["from"]),
                    "to": str(message["to"]),
                    "subject": str(message["subject"]),
                    "auto_submitted": str(message["auto-submitted"]),
                    "has_date": message["date"] is not None,
                    "text": message.get_content(),
                }
            ),
            flush=True,
        )
        return "250 OK"


with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]
controller = Controller(
    Mailbox(),
    hostname="127.0.0.1",
    port=port,
    authenticator=authenticate,
    auth_required=True,
    auth_require_tls=False,
)
controller.start()
print(port, flush=True)
# Until whoever started it closes its input.
sys.stdin.read()
# A controller that is stopped waits for connections, which are kept.
os._exit(0)
