"""Mail out: through an SMTP server, or into the development mailbox, where it is kept to be read in the console."""

import smtplib
import ssl
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from app.clients.http import Silent

TIMEOUT_SECONDS = 10


class Mailer:
    """`smtp_url` is `smtp://user:password@host:port` (STARTTLS) or empty for the development mailbox."""

    def __init__(self, smtp_url: str, *, sender: str) -> None:
        self._smtp_url = smtp_url
        self._sender = sender

    @property
    def keeps(self) -> bool:
        """Whether mails stay here to be read instead of going out."""
        return not self._smtp_url

    def compose(self, *, to: str, subject: str, body: str, message_id: str) -> EmailMessage:
        """The mail as it goes out. `message_id` has only what may stand in a header's identifier."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self._sender, to, subject
        mail["Message-ID"] = f"<{message_id}@{self._sender.rpartition('@')[2].rstrip('>')}>"
        mail.set_content(body)
        return mail

    def send(self, *, to: str, subject: str, body: str, message_id: str) -> None:
        """Send one mail; the message id lets a mail that went out twice be recognised. Raises Silent."""
        if self.keeps:
            return
        mail = self.compose(to=to, subject=subject, body=body, message_id=message_id)
        address = urlsplit(self._smtp_url)
        try:
            with smtplib.SMTP(address.hostname or "", address.port or 587, timeout=TIMEOUT_SECONDS) as server:
                server.starttls(context=ssl.create_default_context())
                if address.username:
                    server.login(unquote(address.username), unquote(address.password or ""))
                server.send_message(mail)
        except (OSError, smtplib.SMTPException) as error:
            raise Silent("The mail server does not answer.") from error
