"""Log lines without secrets: whatever logs, whoever formats, and without a change to the record itself."""

import io
import json
import logging

import pytest
from pythonjsonlogger.json import JsonFormatter

from queueapp import masked_logs
from queueapp.apikeys.key_format import new_key
from queueapp.masked_logs import MaskingFormatter, mask_logs, masked_record

KEY = new_key()
CANARY = KEY.split("_")[2]
PLAIN = logging.Formatter("%(levelname)s %(message)s")


@pytest.fixture(params=[JsonFormatter("%(message)s"), PLAIN, None], ids=["json", "plain", "none"])
def log(request):
    """A logger with a handler, and what that wrote."""
    written = io.StringIO()
    logger, handler = logging.getLogger("test.masked_logs"), logging.StreamHandler(written)
    handler.setFormatter(request.param)
    logger.addHandler(handler)
    mask_logs()
    yield logger, written
    logger.removeHandler(handler)


class Shy(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


class Cookie:
    def __repr__(self) -> str:
        return f"<Cookie {KEY}>"


def raised(error: BaseException) -> BaseException:
    try:
        raise error
    except BaseException as caught:
        return caught


@pytest.mark.parametrize(
    ("message", "arguments"),
    [
        pytest.param(f"GET /tasks?api_key={KEY}", (), id="whole"),
        ("GET %s", (f"/tasks/{KEY}",)),
        ("password=%s of %d", ("hunter2hunter2", 3)),
        ("%(url)s", ({"url": f"https://x/{KEY}"},)),
        ("%s", (ValueError(KEY),)),
        ("%s", (Cookie(),)),
        ("fits %d not", (KEY,)),
        ("%s", ({"a": [KEY]},)),
    ],
)
def test_messages_and_arguments(log, message, arguments):
    logger, written = log
    logger.error(message, *arguments)
    assert "***" in written.getvalue()
    assert CANARY not in written.getvalue()
    assert "hunter2" not in written.getvalue()


@pytest.mark.parametrize(
    "extra",
    [
        {"path": f"/x/{KEY}"},
        {"token": "anything"},
        {"detail": {"api_key": "anything", "list": [KEY]}},
        {"request": Cookie()},
        {"error": ValueError(KEY)},
        {"shy": Shy()},
        {"raw": KEY.encode()},
    ],
)
def test_extra_fields(log, extra):
    logger, written = log
    logger.error("look", extra=extra)
    assert CANARY not in written.getvalue()
    assert "anything" not in written.getvalue()


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize(
    "secret",
    [pytest.param(KEY, id="key"), "password=hunter2hunter2", "Cookie: hunter2", "Bearer hunter2hunter2hunter2"],
)
def test_one_secret_among_honest_fields(log, place, secret):
    logger, written = log
    texts = ["token:", "Bearer", "-----BEGIN PRIVATE KEY-----" if place == 0 else "honest"]
    texts[place] = secret
    logger.error(texts[0], extra={"number": 5, "first": texts[1], "nothing": None, "second": texts[2]})
    assert CANARY not in written.getvalue()
    assert "hunter2" not in written.getvalue()


def test_a_record_without_secrets_is_not_copied():
    record = logging.makeLogRecord({"msg": "task enqueued", "task_id": "019", "tenant_id": None, "attempt": 3})
    assert masked_record(record) is record
    record.path = f"/x/{KEY}"
    assert masked_record(record) is not record


def test_tracebacks(log):
    logger, written = log
    logger.error("failed", exc_info=raised(ValueError(f"refused {KEY}")))
    logger.error("failed", exc_info=raised(Shy(KEY)))
    assert "refused tr_" in written.getvalue()
    assert CANARY not in written.getvalue()


def test_what_is_known_just_then(log, monkeypatch):
    logger, written = log
    monkeypatch.setattr(masked_logs, "_known_secrets", lambda: ("swordfish",))
    logger.error("it was %s", "swordfish", exc_info=raised(ValueError("swordfish")))
    assert "it was ***" in written.getvalue()
    assert "swordfish" not in written.getvalue()


def test_a_line_without_secrets_is_written_as_ever(log):
    logger, written = log
    logger.error("done %s", 3, extra={"n": 5, "when": None, "list": ["a"]}, exc_info=raised(ValueError("plain")))
    (handler,) = logger.handlers
    assert isinstance(handler.formatter, MaskingFormatter)
    again = io.StringIO()
    twin = logging.StreamHandler(again)
    twin.setFormatter(handler.formatter._inner)
    logger.handlers[:] = [twin]
    written_masked = written.getvalue()
    logger.error("done %s", 3, extra={"n": 5, "when": None, "list": ["a"]}, exc_info=raised(ValueError("plain")))
    logger.handlers[:] = [handler]
    assert written_masked.replace("line 1", "") == again.getvalue().replace("line 1", "")


def test_others_see_the_record_as_it_is(log, caplog):
    logger, _ = log
    logger.error("GET %s", f"/{KEY}", extra={"path": KEY}, exc_info=raised(ValueError(KEY)))
    (record,) = caplog.records
    assert (record.args, record.path, str(record.exc_info[1])) == ((f"/{KEY}",), KEY, KEY)


def test_access_logs_keep_their_arguments():
    """Formatters of web servers read them."""

    class Access(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            address, path, status = record.args
            return json.dumps([address, path, status])

    record = logging.LogRecord("uvicorn.access", logging.INFO, "", 0, "%s %s %d", ("127.0.0.1", f"/{KEY}", 200), None)
    assert json.loads(MaskingFormatter(Access()).format(record)) == ["127.0.0.1", f"/{KEY[:12]}***", 200]


def test_every_handler_of_a_process_of_ours_is_masked():
    ours = [each for each in masked_logs.all_handlers() if type(each).__module__.startswith("logging")]
    assert ours
    assert all(isinstance(each.formatter, MaskingFormatter) for each in ours)
