"""The step monitor: token or text deltas in, tagged steps and at most one stop decision out."""

from __future__ import annotations

import time
from collections import deque
from typing import Any, NamedTuple, Protocol

from tagger.steps import (
    ScoredToken,
    Segmenter,
    Step,
    TaggedStep,
    TaggingSession,
    needs_scores,
)
from tagger.stopping.closing import ClosingSequence
from tagger.stopping.rules.base import Decision, StoppingRule, StreamState
from tagger.stopping.thinking_stream import ThinkingStream
from tagger.thinking.split import PromptEnd, ThinkingDelimiters
from tagger.thinking.token_text import TokenText


class SegmentingTagger(Protocol):
    """What a monitor needs of a tagger with the segmenter of its training steps."""

    @property
    def segmenter(self) -> Segmenter:
        """Cuts thinking into the steps the tagger expects."""
        ...

    def session(self, question: str = "") -> TaggingSession:
        """Start tagging a trace, as `tagger.steps.StepTagger.session`."""
        ...


class Update(NamedTuple):
    """What one delta brought.

    Attributes:
        steps: Steps that ended with it, tagged.
        decision: The decision to stop, if it fell with this delta.
    """

    steps: tuple[TaggedStep, ...] = ()
    decision: Decision | None = None


_NOTHING = Update()
_TAIL = 16
"""Characters of the text kept, to see which line breaks it ends with."""


class StepMonitor:
    """Watches one sequence; the same object serves any engine.

    An engine feeds every token as it comes. While `forced_token` is not None, it writes that token
    in the place of its own next one, and feeds it like any other. What `steps` holds after
    `close` equals the tags of the finished text.

    Attributes:
        state: Counts so far.
        steps: Steps tagged so far.
        decision: The decision to stop, once it has fallen.
        forced_tokens: Closing tokens fed so far.
        needs_scores: Whether the tagger's segmenter needs the log-probability of every token.
        seconds: Wall-clock seconds spent in this object.
    """

    def __init__(
        self,
        tagger: SegmentingTagger | None,
        rule: StoppingRule | None,
        question: str,
        delimiters: ThinkingDelimiters,
        tokenizer: Any = None,
        closing: ClosingSequence | None = None,
        after: PromptEnd = PromptEnd.INSIDE,
    ) -> None:
        """Begin a sequence.

        Args:
            tagger: Tags the steps, cut by its own segmenter; None sees no steps and leaves a rule
                the token counts alone.
            rule: When to stop; None only watches.
            question: The problem text, for the tagger.
            delimiters: The strings around the thinking.
            tokenizer: The policy's tokenizer; needed for `feed_token`.
            closing: Forced when the rule fires; None decides only and leaves the closing to the
                engine.
            after: Where the prompt left off: before, inside or behind the thinking
                (`tagger.thinking.split.template_prompt_end` tells).
        """
        self._tagger, self._rule, self._question = tagger, rule, question
        self._text = TokenText(tokenizer) if tokenizer is not None else None
        self._closing = closing
        self._thinking = ThinkingStream(delimiters, after)
        self._queue: deque[int] = deque()
        self._tail = ""
        self._closed = False
        self._chars = 0  # of the text, thinking or not
        self.needs_scores = tagger is not None and needs_scores(tagger.segmenter)
        self.decision: Decision | None = None
        self.forced_tokens = 0
        self.seconds = 0.0
        self._restart(StreamState())

    @property
    def forced_token(self) -> int | None:
        """Id the engine must write next, None if the model is free."""
        return self._queue[0] if self._queue else None

    @property
    def unfamiliar(self) -> int | None:
        """Steps so far that are unlike the tagger's training data (`tagger.novelty`).

        Their types, and a stop that rests on them, may be wrong. Looked up when asked, so that
        the stream pays nothing for it; None where the words of that data are not known.
        """
        own = getattr(self._tagger, "mapped", self._tagger)
        known = getattr(getattr(own, "extras", None), "known_words", None)
        if known is None:
            return None
        return int(known.unfamiliar(tagged.step.text for tagged in self.steps))

    def feed_token(self, token_id: int, logprob: float | None = None) -> Update:
        """Take the next token of the sequence.

        Args:
            token_id: Its id. The end token need not be fed.
            logprob: Natural logarithm of its probability, before temperature and the like; only
                asked for if `needs_scores`, and not of forced tokens.

        Returns:
            Steps that ended with it, and the decision if it fell now.

        Raises:
            UserError: The segmenter needs the log-probability and got none.
            ValueError: The monitor was given no tokenizer, or the engine wrote another token
                than the forced one.
        """
        started = time.perf_counter()
        if self._text is None:
            raise ValueError("feed_token needs a monitor with a tokenizer; or feed text.")
        if self._queue:
            wanted = self._queue.popleft()
            if token_id != wanted:
                raise ValueError(f"Token {token_id} came where {wanted} was to be forced.")
            self.forced_tokens += 1
            logprob = 0.0  # the model had no choice
        update = self._take(self._text.feed(token_id), 1, logprob)
        self.seconds += time.perf_counter() - started
        return update

    def feed(self, delta: str, tokens: int = 1, logprob: float | None = None) -> Update:
        """Take the next characters, from an engine that streams text.

        Args:
            delta: The characters.
            tokens: How many tokens they stand for.
            logprob: As for `feed_token`, if the characters are one token.

        Returns:
            As `feed_token`.

        Raises:
            UserError: The segmenter needs the log-probability and got none.
        """
        started = time.perf_counter()
        update = self._take(delta, tokens, logprob)
        self.seconds += time.perf_counter() - started
        return update

    def close(self) -> list[TaggedStep]:
        """End the sequence; tag the step that was still open.

        Returns:
            All steps of the thinking. Calling it again changes nothing.
        """
        if not self._closed:
            started = time.perf_counter()
            self._closed = True
            was_inside = self._thinking.inside
            rest = self._text.flush() if self._text is not None else ""
            if was_inside:
                last = self._thinking.feed(rest).text if rest else ""
                last += self._thinking.flush()
                at, self._chars = self._chars, self._chars + len(rest)
                self._tag(self._segment(last, at, 0.0 if rest else None) + self._last_step())
            self.seconds += time.perf_counter() - started
        return self.steps

    def _take(self, delta: str, tokens: int, logprob: float | None) -> Update:
        """Pass a delta on to segmenter, tagger and rule."""
        self.state.tokens += tokens
        at, self._chars = self._chars, self._chars + len(delta)
        if self._thinking.closed:
            return _NOTHING
        self._tail = (self._tail + delta)[-_TAIL:]
        text, restarted, closed = self._thinking.feed(delta)
        if restarted:
            self._restart(StreamState(tokens=self.state.tokens))
        if closed:
            return Update(self._tag(self._segment(text, at, logprob) + self._last_step()))
        if not self._thinking.inside:
            return _NOTHING
        self.state.thinking_tokens += tokens
        steps = self._segment(text, at, logprob) if text or self.needs_scores else []
        if not steps and (self._running is None or self.decision is not None):
            return _NOTHING
        return self._judge(steps)

    def _segment(self, text: str, at: int, logprob: float | None) -> list[Step]:
        """Cut new thinking; `at` is where the characters of the last token begin."""
        if self._stream is None:
            return []
        if not self.needs_scores:
            steps: list[Step] = self._stream.feed(text)
            return steps
        tokens = []
        if logprob is not None:
            start = self._thinking.start
            tokens = [ScoredToken(max(0, at - start), self._chars - start, logprob)]
        steps = self._stream.feed(text, tokens)
        return steps

    def _last_step(self) -> list[Step]:
        """Cut off what is left at the end of the thinking."""
        return [] if self._stream is None else list(self._stream.close())

    def _judge(self, steps: list[Step]) -> Update:
        """Tag new steps and ask the rule, until it says stop."""
        tagged: list[TaggedStep] = []
        before = self.decision
        for step in steps:
            tagged += self._tag([step])
            if self._running is not None and self.decision is None:
                self._decide(self._running.update(tagged[-1], self.state))
        if self._running is not None and self.decision is None:
            self._decide(self._running.on_token(self.state))
        fell = self.decision if before is None else None
        return Update(tuple(tagged), fell) if tagged or fell else _NOTHING

    def _decide(self, decision: Decision | None) -> None:
        """Keep a decision to stop, and queue the closing."""
        if decision is not None and decision.stop:
            self.decision = decision
            if self._closing is not None:
                self._queue.extend(self._closing.ids_after(self._tail))

    def _tag(self, steps: list[Step]) -> tuple[TaggedStep, ...]:
        tagged = tuple(self._session.tag_next(step) for step in steps)
        self.steps.extend(tagged)
        self.state.steps += len(tagged)
        self.state.counts.update(t.type for t in tagged)
        return tagged

    def _restart(self, state: StreamState) -> None:
        """Begin the thinking anew."""
        self.state = state
        self.steps: list[TaggedStep] = []
        self._stream: Any = None
        if self._tagger is not None:
            self._stream = self._tagger.segmenter.stream()
            self._session = self._tagger.session(self._question)
        self._running = self._rule.start() if self._rule is not None else None
