"""Reads a page of the package: whether its elements are closed in order, their attributes and texts."""

import shutil
from html.parser import HTMLParser

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
VOID = {"meta", "link", "br", "img", "input", "hr"}


class Reader(HTMLParser):
    """Checks that elements are closed in order and collects attributes and the text of elements."""

    def __init__(self):
        super().__init__()
        self.open, self.attributes, self.texts, self.ids = [], [], {}, []

    def handle_starttag(self, tag, attrs):
        self.attributes += [(tag, name, value) for name, value in attrs]
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        if self.open:
            tag, attributes = self.open[-1]
            key = attributes.get("id", tag)
            self.texts[key] = self.texts.get(key, "") + data
