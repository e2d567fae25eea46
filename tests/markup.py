"""What a page asks of the browser, and what of that a strict Content-Security-Policy would stop."""

from html.parser import HTMLParser


class Page(HTMLParser):
    """What a browser would have to fetch, run or style."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.ids, self.links, self.forbidden = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        given = dict(attributes)
        if tag == "style" or (tag == "script" and "src" not in given):
            self.forbidden.append(self.get_starttag_text())
        for name, value in attributes:
            if name == "id":
                self.ids.append(value)
            if name in ("href", "src"):
                self.links.append(value)
            if name == "style" or name.startswith("on") or (name in ("href", "src") and _elsewhere(value)):
                self.forbidden.append(self.get_starttag_text())


def _elsewhere(address):
    return "//" in address or ":" in address.split("/")[0]
