"""The tagger that feeds the reward stays frozen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from transformers import TrainerCallback

from tagger.errors import UserError


class Fingerprinted(Protocol):
    """A tagger that can hash its weights anew."""

    @property
    def fingerprint(self) -> str:
        """The fingerprint it was loaded with."""
        ...

    def recompute_fingerprint(self) -> str:
        """The fingerprint of the weights as they are now."""
        ...


class TaggerUnchanged(TrainerCallback):
    """Fails the run if the tagger that feeds the reward is not the one it began with.

    The weights are hashed again at the start, at every checkpoint and at the end.
    """

    def __init__(self, tagger: Fingerprinted) -> None:
        self._tagger = tagger
        self.before = tagger.recompute_fingerprint()

    def check(self) -> str:
        """Hash the weights; return the fingerprint.

        Raises:
            RuntimeError: It is not the one from the start.
        """
        now = self._tagger.recompute_fingerprint()
        if now != self.before or now != self._tagger.fingerprint:
            raise RuntimeError(
                f"The tagger changed during training: fingerprint {self.before[:12]} before, "
                f"{now[:12]} now. The rewards of this run mean nothing; it was stopped."
            )
        return now

    def state_dict(self) -> dict[str, Any]:
        """The fingerprint, for the checkpoint."""
        return {"fingerprint": self.before}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Check that the checkpoint was made with this tagger.

        Raises:
            UserError: It was not.
        """
        if state["fingerprint"] != self.before:
            raise UserError(
                f"The checkpoint was made with tagger {state['fingerprint'][:12]}, but the "
                f"config's key tagger now names {self.before[:12]}; name the one of the checkpoint "
                "(a branch of a Hub repository may have moved: name its commit)."
            )

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Check before the first step."""
        self.check()

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Check at every checkpoint."""
        self.check()

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Check after the last step."""
        self.check()
