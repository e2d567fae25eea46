"""The Python client: what both type checkers must accept, and refuse in each line that ends in `# wrong`."""

from typing import assert_type

from taskrunner_client import Artifact, AsyncClient, Client, Task

client = Client("https://example.com/api/v1", key="tr_key")
task = client.submit("echo", {"n": 1}, priority=3, labels=["a"])
assert_type(task, Task)
assert_type(client.submit_many([{"type": "echo", "priority": 3}]), list[Task])
assert_type(client.upload(task.id, "note", b"Hello"), Artifact)
assert_type(client.download(task.artifact_ids[0]), bytes)

client.submit("echo", {"n": 1}, priority="high")  # wrong
client.submit("echo", prio=3)  # wrong
client.submit_many([{"params": {}}])  # wrong
client.wait(task.id, timeout=3)  # wrong
client.get("01a2")  # wrong
print(task.sttus)  # wrong


async def call() -> None:
    async with AsyncClient("https://example.com/api/v1", "tr_key", patience_seconds=3) as caller:
        assert_type(await caller.wait(task.id, timeout_seconds=3), Task)
        print(caller.get(task.id).result)  # wrong
