"""Rules and knowledge that change while the gateway runs: noticed within seconds (or at once by SIGHUP), loaded beside the old ones.

A claim is judged by one release from beginning to end: the new one takes the place of the old between two claims, and only once it is
whole. Where it does not load, the old one stays and the fault is logged.
"""

from __future__ import annotations

import asyncio
import hashlib
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

from xiezhi.log import get_logger

log = get_logger("gateway")
SECONDS = 2.0
"""Between two looks at the files."""


def files_stamp(*folders: Path) -> str:
    """Changes when a file below the folders is added, taken away or written; reads no contents. A missing folder has no files."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            try:
                found = path.stat()
            except FileNotFoundError:  # replaced at this moment: the next look sees it
                continue
            if path.is_file():
                digest.update(f"{path}\0{found.st_size}\0{found.st_mtime_ns}\0".encode())
    return digest.hexdigest()


class Watch:
    """Calls `reload` when what `stamp` returns has changed and stands still again, and on SIGHUP.

    Args:
        stamp: names the state of what is loaded; called on a thread.
        reload: loads it anew.
        seconds: between two calls of `stamp`. Two equal ones in a row after a change are awaited, so that nothing half written is loaded.
    """

    def __init__(self, stamp: Callable[[], str], reload: Callable[[], Awaitable[object]], seconds: float = SECONDS) -> None:
        self._stamp, self._reload, self._seconds = stamp, reload, seconds
        self._hangup = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Note the present state, which must be that before loading, and begin."""
        loop = asyncio.get_running_loop()
        try:
            loaded = await self._look()
        except OSError as error:
            loaded = ""  # as soon as the files can be looked at, they are loaded
            log.error("rules not watched", error=type(error).__name__, detail=str(error)[:500])
        try:
            loop.add_signal_handler(signal.SIGHUP, self._hangup.set)
        except (ValueError, RuntimeError, NotImplementedError):  # not the main thread: files alone are watched
            log.debug("no SIGHUP here")
        self._task = loop.create_task(self._run(loaded))

    async def stop(self) -> None:
        """End watching."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        try:
            asyncio.get_running_loop().remove_signal_handler(signal.SIGHUP)
        except (ValueError, RuntimeError, NotImplementedError):
            log.debug("no SIGHUP here")

    async def _look(self) -> str:
        return await asyncio.get_running_loop().run_in_executor(None, self._stamp)

    async def _run(self, loaded: str) -> None:
        before = loaded
        while True:
            asked = await self._wait()
            try:
                now = await self._look()
                if asked or (now != loaded and now == before):
                    await self._reload()
                    loaded = now
                before = now
            except Exception as error:
                log.error("rules not watched", error=type(error).__name__, detail=str(error)[:500])

    async def _wait(self) -> bool:
        """Until it is time to look again (false) or somebody asks to (true)."""
        try:
            await asyncio.wait_for(self._hangup.wait(), self._seconds)
        except TimeoutError:
            return False
        self._hangup.clear()
        return True
