"""Histories of concurrent operations: recording them, judging whether one order explains them, showing what is wrong.

A suite wraps its drivers with a HistoryRecorder, calls them from many threads or processes, and gives the history to
judge().
"""

from storagedriver.histories.documents import from_document, read, to_document, write
from storagedriver.histories.guarantees import Finding, Guarantee, Standing
from storagedriver.histories.judging import Verdict, Wrong, judge
from storagedriver.histories.model import History, HistoryError, Kind, Operation, Outcome
from storagedriver.histories.recording import HistoryDriver, HistoryRecorder, joined
from storagedriver.histories.search import Explanation, SearchLimitError, explain, is_linearizable, sequential_order
from storagedriver.histories.shrinking import smallest_wrong, unexplained
from storagedriver.histories.svg import as_svg
from storagedriver.histories.text import as_text
from storagedriver.histories.timeline import Bar, Timeline, timeline

__all__ = [
    "Bar",
    "Explanation",
    "Finding",
    "Guarantee",
    "History",
    "HistoryDriver",
    "HistoryError",
    "HistoryRecorder",
    "Kind",
    "Operation",
    "Outcome",
    "SearchLimitError",
    "Standing",
    "Timeline",
    "Verdict",
    "Wrong",
    "as_svg",
    "as_text",
    "explain",
    "from_document",
    "is_linearizable",
    "joined",
    "judge",
    "read",
    "sequential_order",
    "smallest_wrong",
    "timeline",
    "to_document",
    "unexplained",
    "write",
]
