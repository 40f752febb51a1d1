"""How a question becomes a prompt, and where that prompt leaves off: the one place for both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rl.policy.config import QUESTION, PolicySettings
from tagger.errors import UserError
from tagger.thinking.split import PromptEnd, ThinkingDelimiters, prompt_end

_PROBE = "Do not answer: 7e3f91."


@dataclass(frozen=True)
class Prompting:
    """System prompt, template of the user turn and options of the chat template.

    Attributes:
        system: System turn; None writes none.
        template: Text of the user turn, with ``{question}`` where the question goes.
        options: Passed to the chat template, e.g. ``{"enable_thinking": False}``.
    """

    system: str | None = None
    template: str = QUESTION
    options: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: PolicySettings) -> Prompting:
        """The prompting of a policy's settings."""
        return cls(settings.system_prompt, settings.prompt_template, settings.chat_template_kwargs)

    def messages(self, question: str) -> list[dict[str, str]]:
        """The turns of a chat before the model's own."""
        user = {"role": "user", "content": self.template.replace(QUESTION, question)}
        return [user] if self.system is None else [{"role": "system", "content": self.system}, user]

    def render(self, tokenizer: Any, question: str) -> str:
        """The prompt as the policy sees it, with a generation prompt at its end."""
        return str(
            tokenizer.apply_chat_template(
                self.messages(question), tokenize=False, add_generation_prompt=True, **self.options
            )
        )

    def render_all(self, tokenizer: Any, questions: Sequence[str]) -> list[str]:
        """`render` each question."""
        return [self.render(tokenizer, question) for question in questions]

    def end(self, tokenizer: Any, delimiters: ThinkingDelimiters) -> PromptEnd:
        """Where the prompts leave off; `INSIDE` for a tokenizer without a chat template."""
        if getattr(tokenizer, "chat_template", None) is None:
            return PromptEnd.INSIDE
        return prompt_end(self.render(tokenizer, "?"), delimiters)

    def check(self, tokenizer: Any, name: str) -> None:
        """Render once, before anything expensive.

        Args:
            tokenizer: A tokenizer with a chat template.
            name: What to call the model.

        Raises:
            UserError: The template does not know an option (Jinja would ignore it), refuses the
                system prompt or leaves it out, or cannot be rendered.
        """
        from jinja2 import TemplateError

        for option in self.options:
            if option not in str(tokenizer.chat_template):
                raise UserError(
                    f"chat_template_kwargs.{option} is unknown to the chat template of {name!r}, "
                    "which would ignore it; leave it out."
                )
        remedy = "leave system_prompt out and put its text into prompt_template"
        try:
            rendered = self.render(tokenizer, _PROBE)
        except (TemplateError, TypeError, ValueError) as error:
            reason = str(error).strip().rstrip(".")
            if self.system is not None and _renders(
                Prompting(None, self.template, self.options), tokenizer
            ):
                raise UserError(
                    f"The chat template of {name!r} refuses a system prompt ({reason}); {remedy}."
                ) from error
            raise UserError(
                f"The chat template of {name!r} cannot be rendered ({reason}); check "
                "chat_template_kwargs, or mend the template."
            ) from error
        if self.system is not None and self.system.strip() not in rendered:
            raise UserError(
                f"The chat template of {name!r} leaves the system prompt out; {remedy}."
            )
        if _PROBE not in rendered:
            raise UserError(
                f"The chat template of {name!r} leaves the question out; mend the template."
            )


def _renders(prompting: Prompting, tokenizer: Any) -> bool:
    try:
        prompting.render(tokenizer, _PROBE)
    except Exception:
        return False
    return True
