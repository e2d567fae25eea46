"""What the database and the store hold."""

from queueapp.artifacts import object_store
from queueapp.models import Artifact, PendingObject
from queueapp.tenancy import operator_scope


def rows():
    with operator_scope("operator:test"):
        return list(Artifact.objects.order_by("id"))


def unclaimed():
    with operator_scope("operator:test"):
        return list(PendingObject.objects.order_by("id"))


def content_of(row):
    """The object that an artifact, or an unclaimed object, names. Raises FileNotFoundError."""
    with object_store.open_object(row.object_key) as file:
        return file.read()


def is_stored(row):
    try:
        content_of(row)
    except FileNotFoundError:
        return False
    return True


def body_of(answer):
    """What was streamed, or answered at once."""
    return b"".join(answer.streaming_content) if answer.streaming else answer.content
