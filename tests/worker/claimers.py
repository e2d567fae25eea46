"""Claimers of the test process, and something for them to claim."""

from queueapp import tasks
from queueapp.claiming import Capabilities, Claimer
from queueapp.models.base import new_id


def claimer(strategy=None, categories=("*",), queues=("default",), **properties):
    """A claimer that takes batches of up to 100 from the start."""
    made = Claimer(new_id(), Capabilities(queues, categories, properties), strategy)
    made.batch_sizes.record("sample.noop", "default", 0.0001)
    return made


def submit(tenant, count=1, type="sample.noop", **options):
    return tasks.submit_many([{"type": type, **options}] * count, tenant_id=tenant.id)
