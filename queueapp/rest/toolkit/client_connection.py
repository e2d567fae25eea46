"""Whether there still is somebody to answer."""

import select

from rest_framework.request import Request

LOOK_SECONDS = 0.5  # between two looks of a request that waits
# elsewhere than on Linux a hang-up says the same
CLOSED = getattr(select, "POLLRDHUP", select.POLLHUP)


def client_is_gone(request: Request) -> bool:
    """Whether the client has closed the connection, where the server lets us see it: gunicorn does.

    It need not have been read to its end, so that what a client sent ahead hides nothing.
    """
    connection = request.META.get("gunicorn.socket")
    if connection is None:
        return False
    poller = select.poll()
    poller.register(connection, CLOSED)  # errors and hang-ups are told unasked
    return bool(poller.poll(0))
