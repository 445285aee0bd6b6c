"""Threads that make samples ahead of a training."""

from __future__ import annotations

import queue
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable

import numpy as np


class Stream:
    """Samples that threads make ahead, into a queue of a fixed capacity; they wait while it is full.

    make: draws with the generator that it is given, one for each thread, and returns some samples. One thread takes.
    """

    def __init__(self, make: Callable[[np.random.Generator], Iterable], threads: int, capacity: int, seed: int):
        self._make, self._queue = make, queue.Queue(capacity)
        self._closed, self._error = threading.Event(), None
        seeds = np.random.SeedSequence(seed).spawn(threads)
        self._threads = [threading.Thread(target=self._work, args=(each,), daemon=True) for each in seeds]
        for thread in self._threads:
            thread.start()

    def _work(self, seed: np.random.SeedSequence) -> None:
        rng = np.random.default_rng(seed)
        try:
            while True:
                for sample in self._make(rng):
                    if not self._put(sample):
                        return
        except BaseException as error:
            self._error = error

    def _put(self, sample) -> bool:
        while not self._closed.is_set():
            try:
                self._queue.put(sample, timeout=0.2)
                return True
            except queue.Full:
                continue
        return False

    def ready(self, at_most: int) -> list:
        """The samples that are there, without waiting. Raises the error of a thread that failed."""
        samples = []
        while len(samples) < at_most:
            try:
                samples.append(self._queue.get_nowait())
            except queue.Empty:
                break
        if not samples and self._error:
            raise RuntimeError("the making of samples failed") from self._error
        return samples

    def wait(self, count: int) -> list:
        """`count` samples, as soon as they are there."""
        samples = []
        while len(samples) < count:
            try:
                samples.append(self._queue.get(timeout=0.2))
            except queue.Empty:
                samples += self.ready(count - len(samples))
        return samples

    def close(self) -> None:
        """Ends the threads."""
        self._closed.set()
        for thread in self._threads:
            thread.join()


class Streamed(ABC):
    """A task whose samples a stream makes ahead."""

    stream: Stream

    @abstractmethod
    def take(self, samples: list) -> None:
        """Finishes samples and puts them into the windows."""

    def fill(self, count: int) -> None:
        """Waits until there are `count` fresh windows."""
        while count > 0:
            samples = self.stream.wait(min(count, 16))
            self.take(samples)
            count -= len(samples)
