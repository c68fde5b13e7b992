"""Small histories as text and as SVG."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from histories.history_strategies import histories
from histories.test_histories_search import KNOWN, P, Q, get, operation, put
from storagedriver.histories import History, Kind, Outcome, as_svg, as_text, timeline

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    return ["".join(each.itertext()) for each in ET.fromstring(svg).iter(f"{SVG}text")]


def test_text_has_a_lane_for_each_process_and_marks_what_no_order_explains() -> None:
    lines = as_text(timeline(History(tuple(KNOWN["stale"][0]))))

    assert lines[1:3] == [
        "p  ├ #1 put A ─┤ ├ #2 put B ─┤",
        "q                              ├ ✗#3 get → A ┤",
    ]
    assert "A = 1 byte b'a'" in lines[3]


def test_text_that_would_be_too_wide_has_labels_below() -> None:
    """However much there is, no line is wider than a terminal."""
    operations = [put(number, P, 10 * number, 10 * number + 5, b"%d" % number) for number in range(12)]
    lines = as_text(timeline(History((*operations, get(99, Q, 500, 600, b"3")))))

    assert max(map(len, lines)) <= 110
    assert "  #11 put L" in lines
    assert "  ✗#99 get → D" in lines


def test_overlap_is_seen() -> None:
    """A bar lies over another exactly if the operations overlap in time."""
    picture = timeline(History(tuple(KNOWN["new-then-old"][0])))
    bars = {bar.operation.number: bar for bar in picture.bars}

    assert bars[1].end < bars[2].begin
    assert bars[2].begin < bars[3].begin < bars[3].end < bars[4].begin < bars[4].end < bars[2].end


def test_torn_content_is_told_by_what_it_mixes() -> None:
    first, second = bytes(range(100)), bytes(range(200, 250)) * 2
    history = History((put(1, P, 0, 9, first), put(2, Q, 0, 9, second), get(3, "r", 4, 5, first[:30] + second[30:])))

    (label,) = [bar.label for bar in timeline(history).bars if bar.marked]
    assert label == "#3 get → a mix (30 bytes of A, 70 of the end of B)"


def test_appended_content_is_told_by_its_parts() -> None:
    history = History((put(1, P, 0, 1, b"one"), put(2, P, 2, 3, b"two"), get(3, P, 4, 5, b"onetwo")))

    assert timeline(history).bars[-1].label == "#3 get → A+B"


def test_svg_shows_each_operation_by_its_words_and_shape() -> None:
    """Colour is not the only sign: reads are round, writes are not, and what is wrong has a mark."""
    unknown = put(4, "<r>", 2, 3, b"c", outcome=Outcome.UNKNOWN, detail="BackendError: <a> & 'b'")
    svg = as_svg(timeline(History((*KNOWN["stale"][0], unknown))))

    shown = texts(svg)
    assert {"#1 put A", "#2 put B", "✗ #3 get → A", "#4 put C → ?", "<r>", "#4 BackendError: <a> & 'b'"} <= set(shown)
    shapes = {each.get("class"): each for each in ET.fromstring(svg) if each.get("class") not in {None, "ground"}}
    assert shapes["read wrong"].get("rx") != shapes["write"].get("rx")
    assert shapes["write open"].tag == f"{SVG}path"
    assert "prefers-color-scheme: dark" in svg


def test_svg_says_the_same_in_words() -> None:
    root = ET.fromstring(as_svg(timeline(History(tuple(KNOWN["stale"][0])))))

    assert root.findtext(f"{SVG}desc") == "p: #1 put A; p: #2 put B; q: ✗ #3 get → A"
    assert root.get("aria-labelledby") == "title description"


@settings(max_examples=100, deadline=None)
@given(histories(), st.text(min_size=1, max_size=8))
def test_any_history_makes_a_picture(history: History, name: str) -> None:
    """Whatever processes and files are called, the SVG is well-formed XML, and nothing lies outside of it."""
    # After all others, as a process makes one call after the other, and the name may be that of one of them.
    begin = max((each.responded or each.invoked for each in history), default=0) + 1
    assume(not any(each.process == name and each.responded is None for each in history))
    strange = operation(999, name, Kind.DELETE, begin, None, outcome=Outcome.UNKNOWN, detail=f"{name}\x00<")
    picture = timeline(History((*history, strange), history.initial))

    root = ET.fromstring(as_svg(picture))
    assert as_text(picture)
    width = float(root.get("width") or 0)
    for bar in root.iter(f"{SVG}rect"):
        assert float(bar.get("x") or 0) + float(bar.get("width") or 0) <= width
