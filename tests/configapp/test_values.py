"""Each kind of value: what it takes, what it refuses, and why."""

import pytest

from configapp.catalogue import CATALOGUE
from configapp.keyspec import KeySpec, Kind
from configapp.validation import Refused, check_key, check_value
from configapp.validation.values import pattern_fault

PROSE = KeySpec("feature.banner", Kind.STRING, "a line of text", free_text=True)
PLAIN = KeySpec("feature.label", Kind.STRING, "a label")
COUNT = KeySpec("feature.count", Kind.INTEGER, "no bounds of its own")


def refusal(key_or_spec, raw):
    spec = CATALOGUE[key_or_spec] if isinstance(key_or_spec, str) else key_or_spec
    with pytest.raises(Refused) as refused:
        check_value(spec, raw)
    assert refused.value.reason
    return refused.value.code


@pytest.mark.parametrize(
    "key", ["app.debug", "ai.ollama.circuit_breaker.recovery_timeout", "a1.b2", "App.Debug_2", "ab." + "c" * 61]
)
def test_a_key_is_words_joined_by_dots(key):
    assert check_key(key) == key


@pytest.mark.parametrize(
    "key",
    [
        "app$debug",
        "a.b",
        "ab." + "c" * 62,
        "",
        "ab",
        "debug",
        ".debug",
        "app.",
        "app..debug",
        "app.d",
        "x.debug",
        "app.debug\n",
        " app.debug",
        "app.dëbug",
        "ａｐｐ.debug",
        "app.debug.",
        "app debug",
        "app.٣٣",
        "app.\x00xx",
    ],
)
def test_other_keys_are_refused(key):
    with pytest.raises(Refused) as refused:
        check_key(key)
    assert refused.value.code == "invalid_key"


@pytest.mark.parametrize(
    ("key", "raw", "stored"),
    [
        ("app.debug", "TRUE ", True),
        ("app.debug", "\tfalse\n", False),
        ("app.debug", True, True),
        ("app.api_port", " 8080 ", 8080),
        ("app.api_port", 65535, 65535),
        ("app.api_port", "+1024", 1024),
        ("content.quality_threshold", ".5", 0.5),
        ("content.quality_threshold", "5e-1", 0.5),
        ("content.quality_threshold", 1, 1.0),
        ("content.quality_threshold", "-0", 0.0),
        ("app.log_level", " DEBUG", "DEBUG"),
        ("anythingllm.endpoint", "https://x/", "https://x"),
        ("ai.llm_embedding_model", "nomic-embed-text:latest", "nomic-embed-text:latest"),
        ("redis.maxmemory", "2gb", "2gb"),
        ("scraping.user_agent", "Docs Bot/2.0", "Docs Bot/2.0"),
        ("github.api_token", "ghp_0123456789abcdefABCDEF", "ghp_0123456789abcdefABCDEF"),
    ],
)
def test_a_good_value_is_stored_with_its_type(key, raw, stored):
    value = check_value(CATALOGUE[key], raw)
    assert (value, type(value), str(value)) == (stored, type(stored), str(stored))


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "notanumber",
        "8080.0",
        "8_080",
        "٨٠٨٠",
        "８０８０",
        "0x1F90",
        "1e4",
        "--8080",
        "8 080",
        "8" * 5000,
        "NaN",
        "inf",
        8080.0,
        True,
        None,
        [8080],
        {"port": 8080},
    ],
)
def test_what_is_no_whole_number(raw):
    assert refusal("app.api_port", raw) in ("not_an_integer", "too_long", "sql_injection")


@pytest.mark.parametrize("raw", [999999, "999999", 1023, -1, 65536, 10**400, "9" * 20])
def test_a_whole_number_out_of_range(raw):
    assert refusal("app.api_port", raw) == "out_of_range"


@pytest.mark.parametrize("raw", [2**53, "9007199254740992", -(2**53)])
def test_a_number_without_bounds_is_one_that_every_reader_of_json_can_hold(raw):
    assert check_value(COUNT, 2**53 - 1) == 2**53 - 1
    assert refusal(COUNT, raw) == "out_of_range"


@pytest.mark.parametrize(
    "raw", ["nan", "NaN", "inf", "-Infinity", "1_0", "٠.٥", "½", "", ".", "e5", "1e", "1e9999", "0,5"]
)
def test_what_is_no_number(raw):
    assert refusal("content.quality_threshold", raw) == "not_a_number"


@pytest.mark.parametrize("raw", [float("nan"), float("inf"), float("-inf"), "1e400", False, None])
def test_what_is_no_finite_number(raw):
    assert refusal("content.quality_threshold", raw) == "not_a_number"


@pytest.mark.parametrize("raw", [1.0000001, "1e300", 10**400, -0.1, "1.01", 2**1024])
def test_a_number_out_of_range(raw):
    assert refusal("content.quality_threshold", raw) == "out_of_range"


@pytest.mark.parametrize("raw", ["maybe", "yes", "1", "0", "on", "", "truee", "ＴＲＵＥ", 1, 0, None, [True]])
def test_what_is_neither_true_nor_false(raw):
    assert refusal("app.debug", raw) == "not_a_boolean"


@pytest.mark.parametrize(
    ("raw", "stored"),
    [
        ("http://anythingllm:3001", "http://anythingllm:3001"),
        ("HTTPS://Example.COM/a/b//", "HTTPS://Example.COM/a/b"),
        ("https://[::1]:8080/x", "https://[::1]:8080/x"),
        ("http://10.0.0.1", "http://10.0.0.1"),
        ("https://bücher.example/straße", "https://bücher.example/straße"),
        ("https://example.com/?page=2&sort=name/", "https://example.com/?page=2&sort=name/"),
        ("http://my_service.internal:80/%20", "http://my_service.internal:80/%20"),
    ],
)
def test_a_good_address(raw, stored):
    assert check_value(CATALOGUE["anythingllm.endpoint"], raw) == stored


@pytest.mark.parametrize(
    "raw",
    [
        "ftp://bad",
        "",
        "x",
        "//example.com",
        "http:",
        "http://",
        "http:///path",
        "http:example.com",
        "https://?q",
        "http://:80",
        "http://exa mple.com",
        "http://example.com:0",
        "http://example.com:65536",
        "http://example.com:port",
        "http://x:",
        "http://-x.com",
        "http://x..com",
        "http://999.1.1.1",
        "http://1",
        "http://[::1",
        "http://[::zz]",
        "http://[1.2.3.4]",
        "http://user:pass@example.com",
        "http://example.com\\@evil.com",
        "http://x/%zz",
        "http://" + "a" * 64 + ".com",
        "file:///etc/passwd",
        "https:/example.com",
        "http://exam<ple.com",
        "http://%65xample.com",
    ],
)
def test_a_bad_address(raw):
    assert refusal("anythingllm.endpoint", raw) == "invalid_url"


@pytest.mark.parametrize("raw", ["info", "TRACE", "", "INFO,DEBUG", 10, None])
def test_what_is_no_choice(raw):
    assert refusal("app.log_level", raw) == "not_a_choice"


@pytest.mark.parametrize("raw", [5, 5.5, True, None, [], {}])
def test_what_is_no_string(raw):
    assert refusal(PLAIN, raw) == "wrong_type"
    assert refusal("anythingllm.endpoint", raw) == "wrong_type"


def test_a_huge_number_is_refused_without_writing_it_out():
    assert refusal("app.api_port", 10**5000) == "out_of_range"
    assert refusal("content.quality_threshold", -(10**5000)) == "out_of_range"
    assert refusal("app.api_port", "9" * 5000) == "too_long"


def test_strings_have_at_most_256_characters_after_stripping():
    assert check_value(PROSE, "  " + "é" * 256 + "\n") == "é" * 256
    assert refusal(PROSE, "é" * 257) == "too_long"
    assert refusal("app.api_port", "8" * 257) == "too_long"


def test_a_key_has_bounds_of_length_of_its_own():
    assert refusal("anythingllm.api_key", "short") == "too_short"
    assert refusal("app.data_dir", " ") == "too_short"
    assert refusal(KeySpec("feature.code", Kind.STRING, "", maximum=3), "abcd") == "too_long"


@pytest.mark.parametrize("character", ["\x00", "\n", "\x1b", "\x7f", "\x85", "\u2028", "\u202e", "\u2066", "\ud800"])
def test_control_characters_are_refused(character):
    assert refusal(PROSE, f"a{character}b") == "control_character"


@pytest.mark.parametrize(
    "text", ["日本語のテキスト", "👩‍💻 ships it", "naïve — “quoted” … 50 %", "می‌خواهم", "Ω ≈ 3 × 10⁸"]
)
def test_text_of_the_world_is_taken_as_sent(text):
    assert check_value(PROSE, f" {text} ") == text


@pytest.mark.parametrize(
    ("key", "raw"),
    [("redis.maxmemory", "lots"), ("scraping.user_agent", "Bot; rm"), ("ai.llm_model", "a b"), ("app.version", "v 1")],
)
def test_a_pattern_matches_the_whole_string(key, raw):
    assert refusal(key, raw) == "pattern_mismatch"


def test_a_pattern_takes_linear_time_whoever_wrote_it():
    assert refusal(KeySpec("feature.code", Kind.STRING, "", pattern="(a+)+"), "a" * 255 + "b") == "pattern_mismatch"


@pytest.mark.parametrize("pattern", ["(", "(?=a)", r"(a)\1", "a{99999}{99}", "a)|(b"])
def test_a_pattern_that_backtracks_or_is_none_is_named_as_such(pattern):
    assert "without look-around" in pattern_fault(pattern)
    assert pattern_fault("[a-z]+") is None


def test_a_refusal_does_not_repeat_the_value():
    for spec, raw in [
        (PLAIN, "DROP TABLE hunter2"),
        (CATALOGUE["app.api_port"], "hunter2"),
        (PROSE, "<script>hunter2"),
    ]:
        with pytest.raises(Refused) as refused:
            check_value(spec, raw)
        assert "hunter2" not in str(refused.value)
