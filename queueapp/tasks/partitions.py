"""The partitions that the tasks of a type or a queue lie in: few, and each in an index of its own order."""

from queueapp.models import UsedPartition


def partitions_of(type_pattern: str | None, queue: str | None, *, most: int) -> list[int] | None:
    """Their ids; None where there are more than `most`. Only an operator's scope sees them all."""
    partitions = UsedPartition.objects.all()
    if type_pattern and type_pattern.endswith(".*"):
        partitions = partitions.filter(type__startswith=type_pattern[:-1])
    elif type_pattern and type_pattern != "*":
        partitions = partitions.filter(type=type_pattern)
    if queue:
        partitions = partitions.filter(queue=queue)
    found = list(partitions.values_list("pk", flat=True)[: most + 1])
    return None if len(found) > most else found
