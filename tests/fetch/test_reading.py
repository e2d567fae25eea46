"""What is read of a page: all that is shown, paragraphs as often as they stand, dates as they are given."""

import re
import time
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from django.db import IntegrityError

from queueapp.tenancy import tenant_scope
from tests.fetch.test_fetching import forget_runs
from tests.fetch.workers import artifacts_of
from workloads.fetch.extraction import Extract, NoExtractableText, extract
from workloads.fetch.models import FetchedPage
from workloads.fetch.nesting import flattened

SENTENCE = "The quick brown fox jumps over the lazy dog, and the dog does not mind."
FILLER = "".join(f"<p>Paragraph {number} of a page that is long enough to be an article.</p>" for number in range(12))
NESTED = {
    "lists": ("<ul><li>item{} here", "</li></ul>"),
    "blocks": ("<div><p>item{} is a sentence of some length, with words.</p>", "</div>"),
    "inline": ("<span>item{} ", "</span>"),
    "quotes": ("<blockquote>item{} is here ", "</blockquote>"),
    "tables": ("<table><tr><td>item{} is here ", "</td></tr></table>"),
    "unclosed": ("<ul><li>item{} here", ""),
    "empty ones between": ("<div>item{}<br>there<wbr> ", "</div>"),
}
DATED = "<html><head>{}</head><body><article><h1>Bread</h1>" + FILLER + "</article></body></html>"


def read(page: str | bytes, *, reader_mode: bool = True) -> Extract:
    body = page if isinstance(page, bytes) else page.encode()
    return extract(body, "text/html", "utf-8", reader_mode=reader_mode)


@pytest.mark.parametrize("reader_mode", [True, False])
@pytest.mark.parametrize(
    ("kind", "depth"), [*((kind, depth) for kind in NESTED for depth in (256, 600)), ("lists", 5000), ("inline", 5000)]
)
def test_a_page_is_read_to_its_innermost_element(kind, depth, reader_mode):
    begin, end = NESTED[kind]
    page = "".join(begin.format(number) for number in range(depth)) + end * depth
    text = read(f"<html><body><article><h1>Deep</h1>{page}</article></body></html>", reader_mode=reader_mode).text
    assert [int(number) for number in re.findall(r"item(\d+)\b", text)] == list(range(depth))


def test_what_follows_a_deep_element_keeps_its_place():
    page = "<ul><li>down{0} ".replace("{0}", "{}")
    deep = "".join(page.format(number) for number in range(400)) + "".join(
        f"</li></ul>up{number} " for number in reversed(range(400))
    )
    words = re.findall(r"(?:down|up)\d+", read(f"<html><body>{deep}</body></html>", reader_mode=False).text)
    assert words == [f"down{number}" for number in range(400)] + [f"up{number}" for number in reversed(range(400))]


@pytest.mark.parametrize(
    "page",
    [
        "<div>" * 40_000,
        "<b>" * 40_000 + "</i>" * 40_000,
        "<div>" * 40_000 + "</span>" * 40_000,
        "<p>" + "<b>" * 500 + "</p>" + "<p>x</p>" * 40_000,
        "<p>" + "<rp>x</rp>a" * 40_000,
    ],
    ids=["open", "unmatched", "wrong ends", "formatting", "hidden ones"],
)
def test_a_hostile_page_costs_what_its_length_does(page):
    def cost(html: str) -> float:
        begun = time.process_time()
        with suppress(NoExtractableText):
            read(html, reader_mode=False)
        return time.process_time() - begun

    half = min(cost(page[: len(page) // 2]) for _ in range(2))
    assert min(cost(page) for _ in range(2)) < 3 * half + 0.5


def test_what_is_not_nested_deep_is_left_as_it_is():
    page = "<!DOCTYPE html><p class='a'>one &amp; two<br/>&lt;three<!-- four --><script>'<b>' && 5</script></p>"
    assert flattened(page) == page


@pytest.mark.parametrize("reader_mode", [True, False])
@pytest.mark.parametrize(
    "repeated",
    [
        f"<p>{SENTENCE}</p>",
        f"<p>{SENTENCE[:40]}<b>{SENTENCE[40:]}</b></p>",
        f"<blockquote><p>{SENTENCE}</p></blockquote>",
        f"<ul><li>{SENTENCE}</li></ul>",
        "<p>Row, row.</p>",
    ],
)
def test_equal_paragraphs_are_read_as_often_as_they_stand(repeated, reader_mode):
    words = re.sub(r"<[^>]*>", "", repeated).strip()
    page = f"<html><body><article><h1>Echo</h1>{FILLER}{repeated * 3}{FILLER}{repeated}</article></body></html>"
    text = read(page, reader_mode=reader_mode).text
    assert text.count(words) == 4
    assert text.count("Paragraph 3 of") == 2
    assert all(ord(character) < 0x1F000 for character in text)


@pytest.mark.parametrize("repeated", [f"<p>{SENTENCE}</p>", "<p>Row, row.</p>"])
def test_a_short_page_of_equal_paragraphs_is_read_too(repeated):
    words = re.sub(r"<[^>]*>", "", repeated)
    assert read(f"<html><body>{repeated * 3}</body></html>").text.count(words) == 3


def test_the_signs_that_mark_paragraphs_may_stand_in_the_page():
    text = read(f"<html><body><p>🀰🀱🀲</p>{FILLER}<p>{SENTENCE}</p><p>{SENTENCE}</p></body></html>").text
    assert "🀰🀱🀲" in text
    assert text.count(SENTENCE) == 2


@pytest.mark.parametrize("page", [" " * 2_100_000 + f"<p>{SENTENCE}", f"<p>{'x' * 11_000_000} {SENTENCE}"])
def test_a_large_page_is_read_to_its_end(page):
    assert read(page).text.endswith(SENTENCE)


HIDDEN = [
    "<p hidden>{}</p>",
    "<div hidden=''><p>{}</p></div>",
    "<div hidden=hidden><p>{}</p></div>",
    "<p style='display:none'>{}</p>",
    "<p style='color: red; DISPLAY : None !important'>{}</p>",
    "<span style='visibility:hidden'>{}</span>",
    "<template><p>{}</p></template>",
    "<noscript><p>{}</p></noscript>",
    "<input type=hidden value='{}'>",
    "<datalist><option>{}</datalist>",
    "<dialog><p>{}</p></dialog>",
    "<div popover><p>{}</p></div>",
    "<video><p>{}</p></video>",
    "<object><p>{}</p></object>",
    "<iframe><p>{}</p></iframe>",
    "<script type=text/plain>{}</script>",
    "<style>{}</style>",
    "<!-- {} -->",
]
SHOWN = [
    "<p hidden=until-found>{}</p>",
    "<details><summary>More</summary><p>{}</p></details>",
    "<p style='display:block'>{}</p>",
    "<p style='background: url(display:none-of-it.png)'>{}</p>",
    "<p data-hidden>{}</p>",
    "<p class=hidden-gem>{}</p>",
]


@pytest.mark.parametrize("reader_mode", [True, False])
@pytest.mark.parametrize("markup", HIDDEN)
def test_hidden_text_is_not_read(markup, reader_mode):
    page = f"<html><body><article><h1>Seen</h1>{FILLER}{markup.format(SENTENCE)}shown after{FILLER}</article></body>"
    text = read(page, reader_mode=reader_mode).text
    assert SENTENCE not in text
    assert "shown after" in text


@pytest.mark.parametrize("markup", SHOWN)
def test_shown_text_is_read(markup):
    page = f"<html><body><article><h1>Seen</h1>{FILLER}{markup.format(SENTENCE)}{FILLER}</article></body></html>"
    assert SENTENCE in read(page, reader_mode=False).text


@pytest.mark.parametrize("body", ["<body hidden>", "<body style='display:none'>", "<body style='visibility:hidden'>"])
def test_a_body_that_its_scripts_will_show_is_read(body):
    assert SENTENCE in read(f"<html hidden>{body}<article><p>{SENTENCE}</p>{FILLER}</article></body></html>").text


def test_a_page_of_hidden_text_alone_has_none():
    with pytest.raises(NoExtractableText):
        read(f"<html><body><p hidden>{SENTENCE}</p></body></html>")


def test_what_cannot_be_decoded_is_no_text():
    with pytest.raises(NoExtractableText):
        extract(b"<p>text</p>", "text/html", "iso-2022-kr", reader_mode=True)


TWO_HOURS = timezone(timedelta(hours=2))
DATES = [
    ('<meta property="article:published_time" content="2024-05-06T07:08:09+02:00">', (2024, 5, 6, 7, 8, 9), TWO_HOURS),
    ('<meta property="article:published_time" content="2024-05-06T07:08:09Z">', (2024, 5, 6, 7, 8, 9), UTC),
    ('<meta property="article:published_time" content="2024-05-06T00:00:00Z">', (2024, 5, 6, 0, 0, 0), UTC),
    ('<meta name="date" content="2024-05-06T07:08-0330">', (2024, 5, 6, 7, 8), timezone(-timedelta(hours=3.5))),
    (
        '<script type="application/ld+json">{"datePublished": "2024-05-06T07:08:09+02:00"}</script>',
        (2024, 5, 6, 7, 8, 9),
        TWO_HOURS,
    ),
    (
        '<link rel="canonical" href="https://a.example/2024/05/06/bread">'
        '<meta property="article:published_time" content="2024-05-06T07:08:09+02:00">',
        (2024, 5, 6, 7, 8, 9),
        TWO_HOURS,
    ),
]
DAYS = [
    '<meta property="article:published_time" content="2024-05-06">',
    '<meta property="article:published_time" content="2024-05-06T07:08:09">',  # of which zone?
    '<link rel="canonical" href="https://a.example/2024/05/06/bread">',
    '<script type="application/ld+json">{"datePublished": "2024-05-06"}</script>',
]


@pytest.mark.parametrize(("head", "moment", "zone"), DATES)
def test_a_time_of_publication_keeps_its_offset(head, moment, zone):
    found = read(DATED.format(head)).published
    assert found == datetime(*moment, tzinfo=zone)
    assert found.utcoffset() == zone.utcoffset(None)


@pytest.mark.parametrize("head", DAYS)
def test_where_no_moment_is_given_the_day_is_known(head):
    found = read(DATED.format(head)).published
    assert type(found) is date
    assert found == date(2024, 5, 6)


@pytest.mark.parametrize("offset", ["+24:00", "-25:00", "+99:99"])
def test_a_time_that_no_clock_shows_is_none(offset):
    found = read(f"<title>T</title><time datetime='2020-01-01T00:00:00{offset}'>then</time><p>Hello")
    assert (found.title, found.published) == ("T", None)
    assert "Hello" in found.text


def test_a_page_of_this_very_day_has_its_time():
    moment = datetime.now(UTC).replace(microsecond=0)
    head = f'<meta property="article:published_time" content="{moment.isoformat()}">'
    assert read(DATED.format(head)).published == moment


@pytest.mark.parametrize(
    ("content", "shown"), [("2024-05-06T07:08:09+02:00", "2024-05-06T07:08:09+02:00"), ("2024-05-06", "2024-05-06")]
)
def test_the_time_is_the_same_from_the_page_and_from_what_is_kept_of_it(worker, server, content, shown):
    def answer(exchange):
        if exchange.headers.get("if-none-match"):
            exchange.answer(status="304 Not Modified", ETag='"v1"')
        else:
            page = DATED.format(f'<meta property="article:published_time" content="{content}">')
            exchange.answer(page.encode(), Content_Type="text/html", ETag='"v1"')

    url = server.script("/", answer)
    fetched = worker.fetch(url)
    forget_runs()
    kept = worker.fetch(url)
    assert (fetched.result["from_cache"], kept.result["from_cache"]) == (False, True)
    assert fetched.result["published_at"] == kept.result["published_at"] == shown
    for task in (fetched, kept):
        assert f"\nPublished: {shown}\n" in artifacts_of(task)["fetch_text"].decode()


def test_an_offset_belongs_to_a_time(acme, worker, server):
    worker.fetch(server.page("/", "<p>text</p>"))
    with tenant_scope(acme.id), pytest.raises(IntegrityError, match="tr_fetched_page_offset_has_time"):
        FetchedPage.objects.update(published_offset=60)
