"""Which failures are of one kind, and what stands in the title of it."""

import pytest

from queueapp.fingerprints import MAX_TITLE_CHARACTERS, digest, title_of


@pytest.mark.parametrize(
    ("message", "title"),
    [
        ("ValueError: Card processor answered 402 for order 5199", "ValueError: Card processor answered N for order N"),
        ("KeyError: 'order_id'", "KeyError: N"),
        ('no such file "/srv/a.txt"', "no such file N"),
        ("task 0199f3c2-7a55-7b01-9d0e-6f8f6a0c2b11 is gone", "task N is gone"),
        ("<Card object at 0x7f5e2c1a>, commit 1f70aab3", "<Card object at N>, commit N"),
        ("took 12.5 s at 10:23:11,\n  twice", "took N s at N, twice"),
        ("it can't be said that it doesn't", "it can't be said that it doesn't"),
        ("deadbeef is a word, decade too", "deadbeef is a word, decade too"),
    ],
)
def test_what_varies_is_left_out_of_a_title(message, title):
    assert title_of(message) == title


def test_a_long_message_makes_a_short_title():
    assert len(title_of("word " * 100_000)) <= MAX_TITLE_CHARACTERS
    assert title_of("'" * 100_000)  # and in no time


def raised(*frames, name="shop.errors.Broken"):
    lines = [f'  File "{file}", line {line}, in {function}\n    code\n' for file, line, function in frames]
    return {"exception_class": name, "traceback": "Traceback (most recent call last):\n" + "".join(lines)}


OWN = ("/srv/a/shop/cards.py", 7, "charge")
LIBRARY = ("/srv/a/.venv/lib/python3.12/site-packages/httpx/client.py", 9, "send")


def test_one_place_of_the_code_is_one_kind_on_every_machine():
    def kind(*frames, **options):
        return digest("Broken", "answered 402", raised(*frames, **options))

    here = kind(OWN, LIBRARY)
    assert here == kind(("/home/ada/work/a/shop/cards.py", 99, "charge"), ("/opt/site-packages/x.py", 1, "other"))
    assert here != kind(("/srv/a/shop/cards.py", 7, "refund"), LIBRARY)
    assert here != kind(("/srv/a/shop/orders.py", 7, "charge"), LIBRARY)
    assert here != kind(OWN, LIBRARY, name="shop.errors.Other")
    assert here != digest("Other", "answered 402", raised(OWN, LIBRARY))
    assert here == digest("Broken", "answered 500", raised(OWN, LIBRARY))
    assert here != digest("Broken", "never answered", raised(OWN, LIBRARY))


def test_where_no_frame_is_the_projects_own_the_innermost_counts():
    other = (LIBRARY[0], 9, "receive")
    assert digest("B", "m", raised(other, LIBRARY)) == digest("B", "m", raised(LIBRARY))
    assert digest("B", "m", raised(LIBRARY)) != digest("B", "m", raised(other))
    assert digest("B", "m", None) == digest("B", "m", {})
