"""The payment gateway's sandbox: what a card does is decided by its number."""

from decimal import Decimal

BUSY_TWICE = "4000000000000119"
DECLINED = "4000000000000002"


class GatewayError(Exception):
    pass


class Busy(GatewayError):
    """Trying again helps."""


class Declined(GatewayError):
    """Trying again does not."""


def take(card: str, amount: Decimal, *, tries: int) -> None:
    """`tries` are those before this one. Raises Busy, Declined."""
    if card == DECLINED:
        raise Declined("The card was declined")
    if card == BUSY_TWICE and tries < 2:
        raise Busy("Too many requests")
