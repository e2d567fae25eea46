"""What both type checkers must refuse: each line that ends in `# wrong`, and no other."""

from queueapp import task
from tests.typed.planted.right import bridged, charge, fetch, look, refund, tidy

refund.submit(order_id="1")  # wrong
refund.submit()  # wrong
refund.submit(order_id=1, raeson="broken")  # wrong
charge.submit(1, "…")  # wrong
charge.submit(None, 1, card="…")  # wrong
charge(1, card="…")  # wrong
charge.using(priority="high").submit(1, card="…")  # wrong
charge.using(prio=9).submit(1, card="…")  # wrong
charge.using(dedup={"ttl_seconds": 60}).submit(1, card="…")  # wrong
charge.using(priority=9).submit(order_id=1)  # wrong
charge.request(order_id="1", card="…")  # wrong
refund.submit_many([{"order_id": 1}])  # wrong
refund.submit_many([charge.request(1, card="…")])  # wrong
answer: str = refund(1)  # wrong
tidy.submit(1)  # wrong
refund.perform("1")  # wrong
charge.perform(1)  # wrong
charge.perform(None, 1, card="…")  # wrong
receipt: str = charge.perform(1, card="…")  # wrong
charge.using(expires_seconds="60").submit(1, card="…")  # wrong
tidy.delay()  # wrong
fetch.submit(1)  # wrong
look.submit(1, url="…")  # wrong
body: bool = fetch("https://…")  # wrong

bridged.delay("1")  # wrong
bridged.delay()  # wrong
bridged.apply_async((1,), priority="high")  # wrong
bridged(1, 2)  # wrong


async def view() -> None:
    await refund.asubmit("1")  # wrong
    print(refund.asubmit(1).id)  # wrong
    await look(None, 1)  # wrong


@task("shop.typo", time_out_seconds=60)  # wrong
def typo() -> None: ...


@task(expires_seconds="60")  # wrong
def late() -> None: ...


@task(max_retries="3")  # wrong
def text() -> None: ...


@task(retry_on=[3])  # wrong
def number() -> None: ...
