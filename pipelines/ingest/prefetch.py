"""Read ahead in a thread, so that files are parsed while earlier rows are validated."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import TypeVar

T = TypeVar("T")


class _End:
    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def prefetched(source: Callable[[], Iterator[T]], depth: int = 2) -> Iterator[T]:
    """The items of `source()` in order, made in a thread of their own, at most `depth` ahead; its error is raised here.

    When the consumer stops early the thread ends with the item that it is making.
    """
    queue: Queue[T | _End] = Queue(depth)
    stopped = Event()

    def put(item: T | _End) -> bool:
        while not stopped.is_set():
            try:
                queue.put(item, timeout=0.1)
            except Full:
                continue
            return True
        return False

    def run() -> None:
        try:
            for item in source():
                if not put(item):
                    return
            put(_End(None))
        except BaseException as error:  # handed over to the consumer, which raises it
            put(_End(error))

    thread = Thread(target=run, name="reader", daemon=True)
    thread.start()
    try:
        while True:
            item = queue.get()
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item
    finally:
        stopped.set()
        while thread.is_alive():
            try:
                queue.get_nowait()
            except Empty:
                thread.join(0.05)
