"""How the tests speak to the admin."""

from typing import Any

from django.contrib.messages import get_messages

TASKS = "/admin/queueapp/task/"


def said(response) -> list[str]:
    """The messages that a POST left for the next page."""
    return [message.message for message in get_messages(response.wsgi_request)]


def run_action(client, action, rows, *, address=TASKS, everywhere=False):
    """Tick these rows of a list and run an action on them, or on all that the list's filter matches."""
    ticked = [str(row.pk) for row in rows]
    return client.post(address, {"action": action, "_selected_action": ticked, "select_across": int(everywhere)})


def shown(response) -> list[Any]:
    """The rows of a list."""
    return list(response.context["cl"].result_list)
