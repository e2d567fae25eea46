"""What has the shape of a secret, or is named like one in running text, is masked; honest text is not."""

import secrets
import string
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queueapp import redaction
from queueapp.apikeys.key_format import new_key
from queueapp.redaction import masked, masked_pieces, masked_text, secret_values

LETTERS = string.ascii_letters + string.digits
KEY = new_key()


def some(length: int) -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(length))


def private_key() -> str:
    body = "\n".join(some(64) for _ in range(3))
    return f"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n{body}\n-----END RSA PRIVATE KEY-----"


SECRETS = {
    "ours": new_key(),
    "JSON Web Token": f"eyJ{some(20)}.eyJ{some(40)}.{some(43)}",
    "AWS": f"AKIA{some(16).upper()}",
    "AWS, temporary": f"ASIA{some(16).upper()}",
    "Google": f"AIza{some(35)}",
    "GitHub": f"ghp_{some(36)}",
    "GitHub, fine-grained": f"github_pat_{some(22)}_{some(59)}",
    "GitLab": f"glpat-{some(20)}",
    "Slack": f"xoxb-{'1' * 12}-{some(24)}",
    "Stripe": f"sk_live_{some(24)}",
    "OpenAI": f"sk-proj-{some(48)}",
    "SendGrid": f"SG.{some(22)}.{some(43)}",
    "npm": f"npm_{some(36)}",
    "PyPI": f"pypi-{some(80)}",
    "private key": private_key(),
}
AROUND = ("{}", "it was {}.", '"{}", "n": 1', "https://x.example/{}/y?z=1", "a\n{}\nb", "q={}&n=1", "'{}'", "<{}>")


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("around", AROUND)
def test_a_shape_is_found_wherever_it_stands(name, around):
    secret = SECRETS[name]
    shown = masked_text(around.format(secret))
    assert "***" in shown
    assert secret[12:] not in shown
    before, after = around.split("{}")
    assert shown.startswith(before), "what stands around it stays"
    assert shown.endswith(after)


# beginnings and ends of secrets, which may meet where one text follows another
PIECES = [
    *("", "token:", "password=", "hunter2hunter2", '"', "'", "\\", "Bearer", "Bearer ", "Cookie:", "=", "known-one"),
    *(
        "://user",
        ":pw@host",
        "sk-",
        "x" * 20,
        "-----BEGIN PRIVATE KEY-----",
        "-----",
        "a b",
        "\n",
        " ",
        "<",
        "tr_",
        KEY,
    ),
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=4).map("".join)
DOCUMENTS = st.recursive(
    TEXTS | st.integers() | st.none(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(TEXTS | st.sampled_from(["token", "n"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(DOCUMENTS)
@settings(max_examples=500, deadline=None)
def test_all_texts_at_once_are_seen_as_one_by_one(document):
    assert masked(document, ("known-one",)) == redaction._copy_without(document, ("known-one",))
    assert secret_values(document) == secret_values([document, {"n": {"password": None}}])


def test_what_holds_no_secret_is_not_copied():
    document = {"a": [1, "b", {"max_tokens": 3}]}
    assert masked(document) is document
    assert masked({"a": [KEY, document]})["a"][1] is not document


def test_a_value_within_itself_is_not_looked_through_for_ever():
    value = {"a": "b"}
    value["self"] = value
    with pytest.raises(RecursionError):
        masked(value)


def test_the_prefix_of_our_keys_is_public():
    key = new_key()
    assert masked_text(f"/tasks/{key}/why") == f"/tasks/{key[:12]}***/why"


@pytest.mark.parametrize("kept", [slice(-1), slice(-7), slice(40)])
def test_a_key_that_is_cut_off_is_as_good_as_a_key(kept):
    assert masked_text(new_key()[kept])[12:] == "***"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("redis://:p4ss@host:6379/0", "redis://:***@host:6379/0"),
        ("postgresql://app:p%40ss@db/x, then", "postgresql://app:***@db/x, then"),
        ("amqp://a:b@c@host/", "amqp://a:***@host/"),
        ("host=db password=hunter2 user=app", "host=db password=*** user=app"),
        ("AWS_SECRET_ACCESS_KEY=abc/def+gh", "AWS_SECRET_ACCESS_KEY=***"),
        ("Server=x;UID=sa;PWD=hunter2;", "Server=x;UID=sa;PWD=***;"),
        ("login: password: swordfish", "login: password: ***"),
        ("the password: hunter2 was refused", "the password: *** was refused"),
        ("Cookie: sessionid=abc; csrftoken=def\nHost: x", "Cookie: ***\nHost: x"),
        ("{'Authorization': 'Basic dXNlcjpwYXNz'}", "{'Authorization': ***}"),
        ('{"password": "a\\"b", "n": 1}', '{"password": ***, "n": 1}'),
        (r'"{\"secret\": \"a b\"}"', r'"{\"secret\": ***}"'),
        ("secret => x1, n => 2", "secret => ***, n => 2"),
        ("Proxy-Authorization: Bearer abc1defghij", "Proxy-Authorization: ***"),
    ],
)
def test_what_a_name_or_its_place_says(text, shown):
    assert masked_text(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "params.password: Input should be a valid string",
        "params.token: must be a string of at least 8 characters",
        "The Authorization header is missing. Send `Authorization: Bearer <key>`.",
        "Bearer authentication is required; basic authentication is not",
        "task-0192f0c1-8b7a-7c3d-9e5f-1234567890ab is queued",
        'constraint "tr_artifact_metadata_bounded" of relation "taskrunner_artifacts"',
        "max_tokens=4096, secretary: Bob, keyboard: qwertz, tokens: 12",
        "http://host:8080/path, mail bob@example.com",
        '{"url": "http://host:80", "mail": "bob@x.example"}',
        "see https://example.com/@user:page and ssh://git@host/x",
        "if token == other: pass",
        "ghost_writer, ask-me-anything-about-our-new-product-line, disk-usage-of-all-volumes",
        "3 of 120 passed, 1 key was rotated",
        "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "eyJ is how JSON begins in base64",
        "xoxo-hugs",
    ],
)
def test_honest_text_stays(text):
    assert masked_text(text) == text


def test_values_and_names_of_json_are_masked_by_shape_too():
    key = SECRETS["GitHub"]
    assert masked({"a": [f"see {key}"], key: 1, "n": 5}) == {"a": ["see ***"], "***": 1, "n": 5}


def test_what_parameters_call_secret_is_known_in_every_spelling():
    params = {
        "password": 'pa"ss wörd',
        "user": "bob",
        "login": {"tokens": 3, "access_token": ["first-token", 7]},
        "pwd": "short",
    }
    known = secret_values(params)
    for text in ('pa"ss wörd', 'pa\\"ss w\\u00f6rd', 'pa\\"ss wörd', "pa%22ss%20w%C3%B6rd", "first-token"):
        assert masked_text(f"it was {text}!", known) == "it was ***!"
    assert masked_text("bob is short", known) == "bob is short"
    assert masked({"said": ["by first-token"]}, known) == {"said": ["by ***"]}


def test_a_secret_torn_between_pieces_is_found():
    text = b"begin hunter2hunter2 middle hunter2hunter2hunter2 end"
    for size in range(1, len(text) + 1):
        pieces = [text[start : start + size] for start in range(0, len(text), size)]
        shown = b"".join(masked_pieces(pieces, secret_values({"password": "hunter2hunter2"})))
        assert shown == b"begin *** middle ***hunter2 end", size


@pytest.mark.parametrize(
    "part",
    [
        "eyJ", "eyJeyJeyJ.", "://", "://a:", "://a:b", "tr_12345678_", "sk-", "password", "password:", "password: a ",
        'token="', "token='\\", "-----BEGIN PRIVATE KEY-----", "-----BEGIN ", "- ", "Bearer ", "Bearer a", "Cookie: ",
        "token:   ", 'secret\\"', "AKIA", "xoxb-", "SG.", "SG.aaaaaaaaaaaaaaaaaaaa.", "a=", " ",
        "authorization: Bearer ",
    ],
)  # fmt: skip
def test_time_grows_with_the_text_and_no_faster(part):
    """Strangers write these texts."""

    def seconds(size: int) -> float:
        text = (part * (size // len(part) + 1))[:size]
        started = time.process_time()
        masked_text(text)
        return time.process_time() - started

    small = max(min(seconds(50_000) for _ in range(3)), 0.001)
    assert min(seconds(400_000) for _ in range(3)) < 40 * small, "eight times the text; sixty-four if it were squared"
