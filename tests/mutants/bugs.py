"""The bugs that drivers of this kind really had: each is a row, and each row has a mutant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bug:
    """A bug that some driver had, as an example of its kind.

    Attributes:
        id: Its name in this project: a mutant that is built after it has it among its rows.
        what: What was wrong.
    """

    id: str
    what: str


_ROWS: Mapping[str, str] = {
    "B01": "the check of a reader's offset is off by one at the end of the file",
    "B02": "a range that begins at the end or behind it is answered with the whole object",
    "B04": "a get whose request fails in a way that was not foreseen gives no bytes and no error",
    "B07": "the loop that fills a part does not see the end of its input, and goes on for ever",
    "B09": "a stream holds the driver's lock while it is fed, and waits for a reader of the same driver",
    "B10": "a stream leaves the file's modification time as it was",
    "B11": "an error while old content is copied into a new segment is dropped",
    "B12": "a response is used before its error is looked at: an append whose first request fails crashes",
    "B13": "an inner variable hides the error of an upload, which is closed as if it were whole",
    "B14": "a stream without a write cannot be committed, or leaves no file",
    "B15": "a file of no bytes cannot be continued",
    "B16": "the last two parts of an upload are joined to a larger one, which the server refuses",
    "B19": "one page of unfinished uploads is searched for the one to be continued",
    "B22": "cancel after close is refused",
    "B23": "after an upload's error helper threads wait for ever",
    "B25": "a retry of an append whose answer was lost appends the bytes again",
    "B27": "the checksum of an upload is never sent, so that a damaged body is accepted",
    "B28": "a put writes in place: for a while, or after a crash, the file is short",
    "B29": "the temporary name is made of the path alone: two puts steal each other's file",
    "B31": "close returns at the error of a flush, and leaves the descriptor open",
    "B33": "right after a commit the manifest lacks segments, as the listing lags, and a read is short",
    "B34": "size and resume point come from a listing that lacks the newest part",
    "B37": "where the next page of a listing begins is guessed from the last file and directory seen",
    "B39": "only what holds files itself counts as there: directories of directories, and an empty root, are missing",
    "B40": "errors name the driver's own form of the path",
    "B41": "some spelling of the root shows in the names that are listed",
    "B45": "the marker of a directory is a child of it, or a file",
    "B47": "a directory is listed without the lock that its changes take",
    "B48": "a walk gives the directory that it started from",
    "B50": "an inferred directory is left out whose name begins the one before it",
    "B52": "a walk is in the order of bytes, and paging by the last name drops some",
    "B53": "a walk fails where something is deleted between listing and stat",
    "B54": "delete of /a takes /ab along",
    "B55": "delete of a directory ends at the first sibling that sorts before the slash",
    "B56": "delete of an absent path succeeds where a sibling begins alike",
    "B57": "an empty batch is sent where nothing lies below the path, and the server refuses it",
    "B63": "every failure of a listing is taken for an absence",
    "B64": "a path below a regular file crashes",
    "B65": "a move from a path below a regular file crashes",
    "B67": "the copy of a part names its source otherwise than the server wants it, so large files cannot be moved",
    "B69": "a file that was appended to is of another kind, and cannot be moved",
    "B70": "that a thing is missing is not recognised where the answer has no body, or another code",
    "B72": "after the last retry the call says success",
    "B73": "only some failures that pass are known as such, and the others are no failures",
    "B76": "who holds a lock for reading takes it again, and hangs once a writer waits between",
    "B77": "the limiter wakes a waiter only as it leaves its limit, and one sleeps for ever",
    "B78": "numbers at the edge of their range are refused, or wrap around",
    "B79": "a parameter of another type than foreseen crashes the factory",
    "B80": "what is parsed for one parameter lands in another",
    "B83": "a combination of parameters that is valid crashes, or leads elsewhere",
    "B84": "a root with a slash at its end gives keys with two",
    "B86": "a redirect URL loses the root",
    "B87": "two paths that differ in case are one file",
    "B88": "a walk of what is absent ends quietly",
    "B89": "a response that is cut short is taken for the end of the file",
    "B92": "size, listing or content come from a cache that other writers do not invalidate",
    "B93": "open readers hold the slots of the limiter, and all other calls wait",
    "B94": "a bytearray is written as it is printed",
    "B95": "write() returns the size of all that was written",
    "B97": "a writer whose close failed stays open, and flushes once more",
    "B99": "an error within an answer of status 200 to complete or copy counts as success",
    "B100": "the error of an upload's last request is logged, not raised",
    "B102": "where an upload cannot begin, its clean-up crashes and hides why",
    "B103": "the buffer of an upload is never emptied",
    "B104": "an opening that fails half-way leaves its temporary file",
    "B105": "a copy in memory shares its state with the source",
    "B106": "the temporary file lies on another file system, from which it cannot be renamed",
    "B109": "a page's token compares names with and without their slash",
    "B111": "delete leaves the root out, and removes what has the path's name outside of it",
    "B114": "a move ignores that its copy failed, and deletes the source",
    "B117": "what was moved keeps its old name inside",
    "B119": "names with .. leave the root",
    "B122": "what is shared between drivers is neither safe between threads nor after a fork",
    "E1": "a newline at the end of a path passes",
    "E2": "a component .. climbs out of the root",
    "E3": "the roots p and p2 see each other",
    "E4": "a writer that is closed twice, or committed after its close, crashes or publishes",
    "E5": "a secret shows in a repr, an error or a log",
    "E6": "internal objects are visible in list or walk",
}

BUGS: Mapping[str, Bug] = {row: Bug(row, what) for row, what in _ROWS.items()}
"""Every row, by its id."""
