# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""Progress on stderr: a bar on a terminal, a line for each point elsewhere."""
import sys

try:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich import progress as bars
except ImportError:
    bars = None


class Progress:
    """`points` pieces of work, in each of which everybody takes `turns` turns."""

    def __init__(self, points, turns):
        self.points = points
        self.turns = turns
        self.done = -1
        self.bar = None
        if bars is not None and sys.stderr.isatty():
            self.bar = bars.Progress(TextColumn("{task.description:<34}"), BarColumn(), MofNCompleteColumn(),
                                     TimeElapsedColumn(), TimeRemainingColumn(), console=Console(stderr=True),
                                     transient=True, redirect_stdout=False, redirect_stderr=False, auto_refresh=False)

    def __enter__(self):
        if self.bar is not None:
            self.bar.start()
            self.task = self.bar.add_task("", total=self.points)
        return self

    def __exit__(self, *ignored):
        if self.bar is not None:
            self.bar.stop()

    def say(self, text):
        """Prints a line on stdout, above the bar where both are on a terminal."""
        shared = self.bar is not None and sys.stdout.isatty()
        if shared:
            self.bar.stop()
        print(text.rstrip(), flush=True)
        if shared:
            self.bar.start()

    def start(self, what):
        """The next piece begins."""
        self.done += 1
        if self.bar is None:
            print("%d/%d %s" % (self.done + 1, self.points, what), file=sys.stderr, flush=True)
        else:
            self.bar.update(self.task, completed=self.done, description=what)
            self.bar.refresh()

    def turn(self):
        """Everybody has had another turn.  The bar is drawn here and nowhere else: a thread of its
        own would compute beside what is measured."""
        if self.bar is not None:
            self.bar.update(self.task, advance=1 / self.turns)
            self.bar.refresh()
