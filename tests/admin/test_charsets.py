"""Whatever charset a request names, the admin answers it without an error of the server's."""

from http.client import HTTPConnection

import pytest

from tests.admin.pages import TASKS
from tests.web import running_server

# some of Python's codecs fail on anything, some are none of text, some make lone surrogates
CHARSETS = ("utf-7", "unicode_escape", "raw_unicode_escape", "idna", "rot13", "base64", "zlib", "undefined", "utf-16")
SURROGATE = r"+2AA-\ud800"
QUERY = "+2AA-\\ud800".replace("+", "%2B").replace("\\", "%5C")
CSRF = "c" * 32


@pytest.fixture
def server(clean_database):
    with running_server() as address:
        yield address.removeprefix("http://")


def send(server, method, address, *, cookies, body=None, content_type):
    connection = HTTPConnection(server)
    headers = {"Content-Type": content_type, "Cookie": "; ".join(f"{name}={each}" for name, each in cookies.items())}
    connection.request(method, address, body, headers)
    status = connection.getresponse().status
    connection.close()
    return status


def form(**fields):
    parts = (f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{fields[name]}\r\n' for name in fields)
    return "".join(parts) + "--x--\r\n"


def test_no_charset_is_an_error_of_the_servers(server, root, make_task):
    make_task()
    signed_in = {"csrftoken": CSRF, **{name: each.value for name, each in root.cookies.items()}}
    answers = {}
    for charset in CHARSETS:
        multipart, text = f"multipart/form-data; boundary=x; charset={charset}", f"text/plain; charset={charset}"
        login = form(csrfmiddlewaretoken=CSRF, username=SURROGATE, password=SURROGATE)
        action = form(csrfmiddlewaretoken=CSRF, action="cancel", _selected_action=SURROGATE)
        answers[charset] = (
            send(server, "POST", "/admin/login/", cookies={"csrftoken": CSRF}, body=login, content_type=multipart),
            send(server, "GET", f"/admin/login/?next={QUERY}", cookies={}, content_type=text),
            send(server, "GET", f"{TASKS}?type={QUERY}&q={QUERY}", cookies=signed_in, content_type=text),
            send(server, "POST", TASKS, cookies=signed_in, body=action, content_type=multipart),
        )
    assert answers == dict.fromkeys(CHARSETS, (200, 200, 200, 400))
