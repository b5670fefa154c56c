"""Text messages out, through a gateway of a contract as small as can be: docs/sms.md says it."""

from http import HTTPStatus

from app.clients.http import Http, Refused, Silent

CONNECT_SECONDS = 3.05
READ_SECONDS = 10
# A no to us and not to the message: it may be a yes later.
_ABOUT_US = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.TOO_MANY_REQUESTS}


class Sms:
    """`url` is where the gateway takes messages, `token` is what it knows us by."""

    def __init__(self, url: str, *, token: str) -> None:
        self._http = Http(
            url,
            headers={"Authorization": f"Bearer {token}"},
            connect_seconds=CONNECT_SECONDS,
            read_seconds=READ_SECONDS,
        )

    def send(self, *, to: str, text: str, message_id: str) -> None:
        """Send one message to a number in its one spelling (`+234…`); the same id twice is sent once.

        Raises Refused for a message that the gateway will never take, Silent when it may take it at another time.
        """
        try:
            self._http.call("POST", "/messages", json={"id": message_id, "to": to, "text": text})
        except Refused as refused:
            if refused.status in _ABOUT_US:
                raise Silent("The gateway for text messages does not take any.") from refused
            raise
