"""What was fetched can be searched: only one's own pages, through the index, whatever the text is like."""

import json
from datetime import UTC, datetime

import pytest
from django.contrib.postgres.search import SearchQuery
from django.db import ProgrammingError, connection, connections

from queueapp.tenancy import operator_scope, tenant_scope
from workloads.fetch.models import SEARCHED_CHARACTERS, FetchedPage


def keep(tenant, name, *, title="", text="text"):
    url = f"https://{tenant.slug}.example/{name}"
    with tenant_scope(tenant.id):
        return FetchedPage.objects.create(
            tenant=tenant,
            url=url,
            requested_url=url,
            title=title,
            text=text,
            size_bytes=1,
            sha256="0" * 64,
            fetched_at=datetime.now(UTC),
        )


def found(tenant, query, wanted=10):
    with tenant_scope(tenant.id), connection.cursor() as cursor:
        cursor.execute("SELECT id FROM taskrunner_match_fetched_pages(to_tsquery('simple', %s), %s)", [query, wanted])
        return [page_id for (page_id,) in cursor.fetchall()]


def test_a_title_counts_more_than_text(acme):
    in_text = keep(acme, "a", title="Mushrooms", text="Here is a word on bread.")
    in_title = keep(acme, "b", title="Bread", text="Flour and water.")
    keep(acme, "c", title="Stones", text="Nothing to eat.")
    assert found(acme, "bread") == [in_title.id, in_text.id]
    assert found(acme, "bread", wanted=1) == [in_title.id]
    assert found(acme, "mush:*") == [in_text.id]


def test_another_tenants_pages_are_not_found(acme, globex):
    mine, theirs = keep(acme, "a", text="shared words"), keep(globex, "a", text="shared words")
    assert found(acme, "shared") == [mine.id]
    assert found(globex, "shared") == [theirs.id]


def test_only_a_tenants_scope_may_ask(acme):
    keep(acme, "a")
    with (
        pytest.raises(ProgrammingError, match="permission denied for function taskrunner_match_fetched_pages"),
        operator_scope("operator:test"),
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT * FROM taskrunner_match_fetched_pages(to_tsquery('simple', 'text'), 1)")


def test_the_orm_can_filter_by_the_same_column(acme):
    page = keep(acme, "a", text="plain words")
    with tenant_scope(acme.id):
        assert FetchedPage.objects.filter(search=SearchQuery("words", config="simple")).get().id == page.id


def test_the_function_uses_the_index_where_a_policy_could_not(acme):
    with tenant_scope(acme.id):
        FetchedPage.objects.bulk_create(
            FetchedPage(
                tenant=acme,
                url=f"https://a.example/{number}",
                requested_url=f"https://a.example/{number}",
                text=f"word{number} " + "filler " * 50,
                size_bytes=1,
                sha256="0" * 64,
                fetched_at=datetime.now(UTC),
            )
            for number in range(2000)
        )
    with connections["owner"].cursor() as owner:
        owner.execute("ANALYZE taskrunner_fetched_pages")
    with connections["owner"].cursor() as owner:
        # the function's own query, planned as the role that it runs as
        owner.execute(
            "EXPLAIN (FORMAT json) SELECT p.id FROM taskrunner_fetched_pages p"
            " WHERE p.tenant_id = (SELECT current_setting('taskrunner.tenant_id', true)::uuid)"
            " AND p.search @@ to_tsquery('simple', 'word77')"
        )
        plan = owner.fetchone()[0]
    assert "tr_fetched_page_search" in json.dumps(plan)


@pytest.mark.parametrize(
    "unit",
    [
        "\U00020000-\U00020001",  # a hyphenated word is indexed whole and in parts
        "\U00020000-\U00020001-\U00020002-\U00020003",
        "\U00020000",
        "é",
        "a",
        "https://host{}.example/path{}?query={}",  # an address is indexed whole, by host and by path
        "x" * 3000,
    ],
    ids=["pairs", "chains", "rare", "accented", "short", "addresses", "endless"],
)
def test_no_text_is_too_much_to_index(acme, unit):
    """A tsvector holds 1 MiB, and a page whose words exceed it must not fail its task."""
    letters = range(0x20000, 0x2A000)
    words = (
        "".join(chr(letters[(number * 5 + ord(each)) % len(letters)]) if ord(each) > 0x1FFFF else each for each in unit)
        + ("" if ord(unit[0]) > 0x1FFFF else str(number))
        for number in range(SEARCHED_CHARACTERS)
    )
    text = " ".join(word.replace("{}", str(number)) for number, word in enumerate(words))[: SEARCHED_CHARACTERS * 2]
    page = keep(acme, "a", title="needle", text=text)
    assert found(acme, "needle") == [page.id]
