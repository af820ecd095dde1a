"""Reads under way all the time: a small load generator over plain connections to the loopback address."""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

PATIENCE = 30.0


@dataclass
class Load:
    """`threads` readers of `path` at `host`, each with one connection, until `reads` are done or `stop` is called."""

    port: int
    host: str
    path: str
    expected: int = 200
    threads: int = 8
    reads: int = 2_000
    latencies: list[float] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    stopped: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Begin to read."""
        self._left = self.reads
        self._lock = threading.Lock()
        self._readers = [threading.Thread(target=self._read_on, daemon=True) for _ in range(self.threads)]
        for reader in self._readers:
            reader.start()

    @property
    def done(self) -> int:
        """How many reads have been answered, rightly or wrongly."""
        return len(self.latencies)

    @property
    def is_running(self) -> bool:
        """Whether anybody still reads."""
        return any(reader.is_alive() for reader in self._readers)

    def stop(self) -> None:
        """Let each reader end the read it is at, and wait for it."""
        self.stopped.set()
        for reader in self._readers:
            reader.join(PATIENCE + 10)

    def _take(self) -> bool:
        with self._lock:
            self._left -= 1
            return self._left >= 0

    def _read_on(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        while not self.stopped.is_set() and self._take():
            begun = time.perf_counter()
            try:
                connection.request("GET", self.path, headers={"Host": self.host})
                answer = connection.getresponse()
                body = answer.read()
                fault = None if answer.status == self.expected and body else f"status {answer.status}"
            except (OSError, http.client.HTTPException) as error:
                fault = type(error).__name__
                connection.close()  # The next request opens it again.
            if fault is not None:
                self.failures[fault] += 1
            self.latencies.append(time.perf_counter() - begun)
        connection.close()
