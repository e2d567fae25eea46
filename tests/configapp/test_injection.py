"""Injection is recognised under its disguises, words of English are not, and nothing takes long."""

import contextlib
import time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configapp.catalogue import CATALOGUE
from configapp.keyspec import KeySpec, Kind
from configapp.validation import Refused, check_key, check_value
from configapp.validation.injection.check import check_injection
from tests.configapp.test_rates import lines_of

PROSE = KeySpec("feature.banner", Kind.STRING, "", free_text=True)
LABEL = KeySpec("feature.label", Kind.STRING, "")


def refusal(spec, raw):
    with pytest.raises(Refused) as refused:
        check_value(spec, raw)
    return refused.value.code


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("app$debug", "true", "invalid_key"),
        ("a.b", "true", "invalid_key"),
        ("k" * 65, "true", "invalid_key"),
        ("app.data_dir", "x" * 257, "too_long"),
        ("app.data_dir", "<script>alert(1)</script>", "markup_injection"),
        ("app.api_port", "notanumber", "not_an_integer"),
        ("app.api_port", 999999, "out_of_range"),
        ("app.debug", "maybe", "not_a_boolean"),
        ("anythingllm.endpoint", "ftp://bad", "invalid_url"),
        ("app.data_dir", "DROP TABLE users;", "sql_injection"),
    ],
)
def test_the_ten_cases_of_malicious_input(key, value, code):
    with pytest.raises(Refused) as refused:
        check_value(CATALOGUE[check_key(key)], value)
    assert refused.value.code == code
    assert refused.value.reason


def disguises(attack):
    """The same attack as filters meet it."""
    wide = "".join(chr(ord(each) + 0xFEE0) if "!" <= each <= "~" else each for each in attack)
    return {
        "as it is": attack,
        "percent": "".join(f"%{ord(each):02x}" for each in attack),
        "percent twice": quote(quote(attack, safe=""), safe=""),
        "decimal entities": "".join(f"&#{ord(each)};" for each in attack),
        "entities without semicolon": "".join(f"&#x{ord(each):06x}" for each in attack),
        "entities in percent": quote("".join(f"&#{ord(each)};" for each in attack)),
        "escapes": "".join(f"\\u{ord(each):04x}" for each in attack),
        "wide letters": wide,
        "upper case": attack.upper(),
        "odd case": "".join(each.upper() if place % 2 else each.lower() for place, each in enumerate(attack)),
        "plus signs": attack.replace(" ", "+"),
        "invisible characters": "\u200b".join(attack),
        "many spaces": attack.replace(" ", "  \u3000 "),
    }


SHORT_ATTACKS = [
    *("drop table users;", "' or 1=1 --", "union select 1,2", "or 1::int=1", "table t", "call p()"),
    *("<svg onload=open(1)>", "<script>"),
]


@pytest.mark.parametrize("attack", SHORT_ATTACKS)
@pytest.mark.parametrize("disguise", disguises("x"))
def test_a_disguise_does_not_help(attack, disguise):
    with pytest.raises(Refused):
        check_injection(disguises(attack)[disguise], free_text=True)


@pytest.mark.parametrize(
    "attack",
    [
        *("dr/**/op ta/**/ble users", "DROP/*x*/TABLE/*y*/users", "un/**/ion se/**/lect 1", "union/*/**/*/select 1"),
        *("/*/*/**/*/*/drop/*/*nested*/*/table users", "drop--x%0atable users", "1 or--%0a1=1"),
    ],
)
def test_comments_do_not_hide_sql(attack):
    assert refusal(PROSE, attack) == "sql_injection"


def test_a_text_wrapped_in_many_encodings_is_refused_for_that():
    wrapped = "%"
    for _ in range(20):
        wrapped = wrapped.replace("%", "%25")
    assert refusal(PROSE, wrapped) == "nested_encoding"


def test_honest_text_is_taken_as_sent():
    for text in lines_of("prose"):
        assert check_value(PROSE, text) == text


@pytest.mark.parametrize("letter", "äжλ字あ한עعदกგա")
def test_paths_and_names_of_every_script_have_the_whole_length(letter):
    for text in (f"./{letter * 254}", f"{letter * 127} {letter * 128}"):
        assert check_value(CATALOGUE["app.data_dir"], text) == check_value(LABEL, text) == text


@pytest.mark.parametrize("text", ["updated", "dropbox", "created_by", "drop-shadow", "Update", "select", "UPDATED_AT"])
def test_words_that_hold_a_keyword_are_taken_everywhere(text):
    assert check_value(LABEL, text) == check_value(PROSE, text) == text


KEYWORDS = (
    *("SELECT", "UNION", "INSERT", "UPDATE", "DELETE", "DROP", "ALTER", "CREATE", "TRUNCATE", "EXEC", "EXECUTE"),
    *("GRANT", "REVOKE", "MERGE"),
)


@pytest.mark.parametrize("keyword", KEYWORDS)
def test_a_statement_keyword_in_upper_case_is_for_free_text_only(keyword):
    assert refusal(LABEL, f"the {keyword} of May") == "sql_injection"
    assert check_value(PROSE, f"the {keyword} of May") == f"the {keyword} of May"


@pytest.mark.parametrize("text", ["50% off & more", "a%20b", "&lt;name&gt;", "caf\u00e9 ½ ﬁne", "1 &amp; 2"])
def test_what_is_stored_is_what_was_sent(text):
    assert check_value(PROSE, text) == text


@given(st.text(max_size=300))
def test_any_text_is_taken_or_refused(text):
    for spec in (PROSE, LABEL, *CATALOGUE.values()):
        try:
            check_value(spec, text)
        except Refused as refused:
            assert refused.code and refused.reason


HOSTILE = [
    *("<", "&#", "/*", "'", "%25", "a ", "select ", "(", "--", "\n#", "union(", "<a x", "or '", "&amp;", "@@", "not "),
    *("javascript:", "<x onx=a( ", "a(b ", "array[", "`${", "a=b ", "$$", "1 or ", "case when ", "{", "f('", "&#60;a "),
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_ten_times_the_text_takes_about_ten_times_as_long(piece):
    def seconds(characters):
        text = (piece * characters)[:characters]
        started = time.thread_time()
        with contextlib.suppress(Refused):
            check_injection(text, free_text=False)
        return time.thread_time() - started

    # PostgreSQL's own lexer is quadratic in comments that open and never close; a value has at most 256 characters
    most = 400 if piece == "/*" else 40  # a quadratic check gives 100, a cubic one 1,000
    short = max(min(seconds(250) for _ in range(5)), 0.002)
    assert min(seconds(2_500) for _ in range(3)) / short < most
