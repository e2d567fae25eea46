"""Mails of development and tests: kept as files, with an address that is down at first."""

from pathlib import Path
from smtplib import SMTPServerDisconnected

from django.conf import settings
from django.core.mail.backends.filebased import EmailBackend


class Sandbox(EmailBackend):
    """The first mail to an address that begins with `busy` is refused, as a server that restarts does."""

    def send_messages(self, messages):
        for message in messages:
            for address in message.to:
                self._refuse_once(address)
        return super().send_messages(messages)

    def _refuse_once(self, address):
        refused = Path(settings.EMAIL_FILE_PATH) / f"{address}.refused"
        if address.startswith("busy") and not refused.exists():
            refused.touch()
            raise SMTPServerDisconnected("Please try again later")


def mails_of(address: str) -> list[str]:
    """The mails that this address got, as text."""
    files = sorted(Path(settings.EMAIL_FILE_PATH).glob("*.log"))
    return [text for file in files if f"To: {address}\n" in (text := file.read_text())]
