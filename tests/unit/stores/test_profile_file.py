# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file of a profile: its label, a new one, mistakes in one."""

from __future__ import annotations

import time

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.mailops.profiles.plugins.plugin_utils._model import strict_yaml
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.errors import MailopsError
from ansible_collections.mailops.profiles.plugins.plugin_utils._model.ports import derived_port
from ansible_collections.mailops.profiles.plugins.plugin_utils._store._profile_file import (
    LABEL,
    edited_text,
    free_label,
    new_text,
    parse,
)

from ..refusals import problems, refusal
from .profile_texts import KEY, NEW, edited, found, read, record

LABELS = {
    "work": "work.yml", "Work": "work.yml", "a-B.c_D2": "a-b-c-d2.yml", "Crème brûlée (Łódź)": "creme-brulee-odz.yml", "日本": "profile.yml",
}  # fmt: skip


@pytest.mark.parametrize("name, label", LABELS.items())
def test_labels(name, label):
    assert free_label(name, ()) == label and LABEL.match(label)
    stem = label.removesuffix(".yml")
    assert free_label(name, {label, f"{stem}-2.yml"}) == f"{stem}-3.yml"


@pytest.mark.parametrize("file", ["Work.yml", "two words.yml", "ó.yml", "a..b.yml", "-a.yml", "line\nfeed.yml", ",w.yml"])
def test_whatever_people_call_a_file(file):
    assert LABEL.match(file)


@pytest.mark.parametrize(
    "file", [".work.yml", "../work.yml", "a/b.yml", "/work.yml", "a\0.yml", "..yml", ".yml", "work.yaml", "work.yml~", "work.yml\n"]
)
def test_no_label(file):
    assert not LABEL.match(file)


def test_the_name_is_inside_or_is_the_label():
    text = "incoming: {host: i}\noutgoing: {host: s}\n"
    assert read(text.encode()).name == "work" == read(f"name: ''\n{text}".encode()).name
    assert parse("Any label.yml", f"name: office\n{text}".encode()).record.name == "office"
    found = problems(parse, "a b\n.yml", f"{text}email: x\n".encode())
    assert found == [
        "'a b\\n.yml': name: is required here, because the name of the file is not a profile's: it holds a newline, "
        "which is not allowed here",
        "'a b\\n.yml': line 3: email: 'x' is not an e-mail address: it has no domain",
    ]


def test_a_renamed_profile():
    """The name follows from the label, and no longer does."""
    text = "# top\ndescription: x\nincoming: {host: i}\noutgoing: {host: s}\n"
    after = edited(text, name="office")
    assert after == f"name: office\nkey: {KEY}\nid: {found(text).record.id}\nrevision: 2\n{text}"
    assert edited(after, name="sales") == after.replace("office", "sales").replace("revision: 2", "revision: 3")


def test_a_new_file():
    new = record(
        3,
        description="no",
        signature="{UserDisplayName}\n\n  Żółć Ltd: mail\n",
        incoming={"host": "imap.example.org", "password_command": ["pass", "show", "mail"]},
        outgoing={"host": "smtp.example.org", "port": 2525, "security": "starttls"},
        folders={"sent": "Gesendet"},
        variables={"Yes": "12:30", "Region": None},
    )
    content = new_text(new)
    assert content.decode() == NEW
    assert read(content) == new and yaml.safe_load(content)["variables"] == {"Region": None, "Yes": "12:30"}


# What YAML 1.1 would read as something else, or not at all.
TEXTS = st.one_of(
    st.sampled_from(
        ["yes", "off", "~", "null", "1", "0x1", "1_0", "12:30", "1e3", ".5", "2020-01-01", "=", "<<", "- a", "? a", "a: b", "a #b"]
    ),
    st.sampled_from(
        ["#", "&a", "*a", "!a", "|", ">", "%a", "@a", "`a", "[", "{a", "'", '"', "---", "...", " a", "a ", "a\\b", "a:", ",", "🙂"]
    ),
    st.text(st.characters(exclude_categories=["C", "Zl", "Zp"], include_characters="\n"), max_size=40),
)


FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "signature": TEXTS,
        "description": TEXTS.map(lambda text: text.replace("\n", " ")),
        "variables": st.dictionaries(
            st.sampled_from(["A", "B", "Yes", "Null", "N"]), st.none() | TEXTS.map(lambda text: text.replace("\n", ""))
        ),
        "outgoing": st.fixed_dictionaries(
            {"host": st.just("s")}, optional={"port": st.integers(1000, 9000), "security": st.sampled_from(["tls", "starttls"])}
        ),
        "account_type": st.sampled_from(["imap", "pop"]),
        "default": st.booleans(),
    },
)


@settings(max_examples=200, deadline=None)
@given(FIELDS, FIELDS, st.booleans(), st.booleans())
def test_whatever_is_written_is_read(first, second, explicit, shortened):
    """And no comment is ever lost."""
    try:
        old, new = record(1, **first), record(2, **second)
    except MailopsError:  # a text names a variable that there is not
        return
    text = new_text(old).decode()
    assert read(text.encode()) == old
    if explicit:  # as a person may write them who does not know that they follow
        for side, protocol in (("incoming", old.data["account_type"]), ("outgoing", "smtp")):
            security = old.data[side]["security"]
            if old.data[side]["port"] is None:
                above, key, below = text.partition(f"\n{side}:\n")
                text = above + key + below.replace("  security:", f"  port: {derived_port(protocol, security)}\n  security:", 1)
    if shortened:
        text = text.removesuffix("\n")
    content = "\n".join(f"# above\n{line}" if line and line[0] != " " else line for line in text.split("\n")).encode()
    assert read(content) == old
    after = edited_text("work.yml", new, parse("work.yml", content))
    assert read(after) == new and after.count(b"# above\n") == content.count(b"# above\n")


PLACES = {
    "a: 1\n b: 2": "line 2, column 3",
    "a: 'x": "line 1, column 6",
    "a: 2020-13-45": "line 1, column 4: is not a value that YAML knows",
    "yes: x": "line 1, column 1: a key must be text",
    "[a]: x": "line 1, column 1: a key must be text",
    "a: \ud800": "line 1, column 4: holds the control character U+D800",
    "a: x\r\n# \r b: y": "line 2, column 3: holds the control character U+000D",
    "# \u2028b: y": "line 1, column 3: holds the control character U+2028",
    "# \u0085b: y": "line 1, column 3: holds the control character U+0085",
    "# \u202eb": "line 1, column 3: holds the control character U+202E",
    f"a: {'1:' * 300}1.0": "line 1, column 4: is not a value that YAML knows",
    f"a: {'1:' * 20_000}1": "line 1, column 4: is not a value that YAML knows",
    f"a: {'1' * 101}": "line 1, column 4: is not a value that YAML knows",
    "a: <<\n<<: *x": "line 2, column 5: anchors and aliases",
}


@pytest.mark.parametrize("text, place", PLACES.items())
@pytest.mark.parametrize("loader", dict.fromkeys([yaml.BaseLoader, getattr(yaml, "CBaseLoader", yaml.BaseLoader)]))
def test_places(text, place, loader, monkeypatch):
    monkeypatch.setattr(strict_yaml, "LOADER", loader)  # a controller has libyaml or has not
    refused = refusal(strict_yaml.load, text)
    assert refused.startswith(place.partition(",")[0]) and place.partition(": ")[2] in refused


def test_many_problems():
    """A file with thousands of them is read in no time: the lock is held meanwhile."""
    text = "".join(f"k{number}: 1\n" for number in range(5000)) + "incoming: {host: i}\noutgoing: {host: s}\n"
    started = time.monotonic()
    found = problems(parse, "work.yml", text.encode())
    assert time.monotonic() - started < 5
    assert len(found) == 21 and found[-1] == "work.yml: and 4980 more problems"
    assert found[19].startswith("work.yml: line 20: k19: ")


@pytest.mark.parametrize(
    "line",
    [
        "revision: 2147483648",
        "revision: 0",
        "id: {6f1c3b1e0d7c4e539f3b0d5c7e1f2a3b}",
        "key: Work",
        "key: -work",
        f"key: {'x' * 41}",
    ],
)
def test_what_other_stores_could_not_keep(line):
    refused = refusal(parse, "work.yml", f"{line}\nincoming: {{host: i}}\noutgoing: {{host: s}}\n".encode())
    assert refused.startswith(f"work.yml: line 1: {line.partition(':')[0]}: ")
