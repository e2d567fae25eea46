"""Exceptions to the rule of public addresses are told at every start, and no table holds a page that is none."""

import logging
from ipaddress import ip_network

import pytest
from django.apps import apps
from django.db import IntegrityError, connection

from queueapp.tenancy import tenant_scope
from workloads.fetch.params import FetchParams, check_url
from workloads.fetch.settings import settings


def test_allowed_networks_are_logged(configure, caplog):
    configure(FETCH={"ALLOWED_NETWORKS": [ip_network("10.1.0.0/16"), ip_network("fd00::/8")]})
    apps.get_app_config("workloads").ready()
    (record,) = caplog.records
    assert (record.levelno, record.event) == (logging.WARNING, "fetch_networks_allowed")
    assert record.networks == ["10.1.0.0/16", "fd00::/8"]


def test_none_are_by_default(caplog, acme):
    assert settings.allowed_networks == []
    apps.get_app_config("workloads").ready()
    assert caplog.records == []
    (refusal,) = check_url(FetchParams(url="http://127.0.0.2/"), acme.id)
    assert refusal.code == "fetch_address_not_allowed"


@pytest.mark.parametrize(
    ("constraint", "column", "value"),
    [
        ("tr_fetched_page_url_is_http", "url", "ftp://a.example/"),
        ("tr_fetched_page_url_short", "url", "http://a.example/" + "x" * 2048),
        ("tr_fetched_page_title_short", "title", "x" * 501),
        ("tr_fetched_page_has_text", "text", ""),
        ("tr_fetched_page_digest_format", "sha256", "x" * 64),
        ("tr_fetched_page_once", "author", ""),
    ],
)
def test_the_database_refuses_what_is_no_page(acme, constraint, column, value):
    row = {
        **{"tenant_id": acme.id, "url": "http://a.example/", "requested_url": "http://a.example/", "title": "t"},
        **{"author": "", "text": "t", "reader_mode": True, "content_type": "", "etag": "", "last_modified": ""},
        **{"size_bytes": 1, "sha256": "0" * 64, "fetched_at": "2026-01-01T00:00Z"},
    }
    insert = f"INSERT INTO taskrunner_fetched_pages ({', '.join(row)}) VALUES ({', '.join(['%s'] * len(row))})"
    with pytest.raises(IntegrityError, match=constraint), tenant_scope(acme.id), connection.cursor() as cursor:
        cursor.execute(insert, list(row.values()))
        cursor.execute(insert, list({**row, column: value}.values()))
