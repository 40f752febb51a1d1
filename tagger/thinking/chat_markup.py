r"""Where the assistant's turn is in a text that holds a whole chat: prompt, markup and reply.

A prompt may quote thinking delimiters ("think between <think> and </think>"); what they enclose
there is not the model's thinking. The markup of common chat formats tells prompt and reply apart.

Sources: the chat templates of the models named at each format, and the prompts of DeepSeek-R1-Zero
(arXiv 2501.12948, table 1), TinyZero and Alpaca for plain text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class ChatFormat:
    """The markup of one chat format, as regular expressions.

    Attributes:
        sign: A string without which no text is of this format; looked for first, since it is fast.
        assistant: What stands before the assistant's turn.
        user: What stands before a turn of anybody else.
        end: What ends a turn; never part of one. Empty if nothing does.
    """

    sign: str
    assistant: str
    user: str
    end: str = ""

    @cached_property
    def _turns(self) -> re.Pattern[str]:
        return re.compile(f"(?P<assistant>{self.assistant})|(?P<user>{self.user})")

    @cached_property
    def _end(self) -> re.Pattern[str]:
        return re.compile(self.end or r"(?!)")

    def last_reply(self, text: str, begun: bool = False) -> tuple[int, int] | None:
        """Span of the last reply: from the first assistant header behind the last user turn.

        A reply of several messages (tool calls, harmony's channels) is one; it ends with the first
        end mark, with the next turn of somebody else, or with the text.

        Args:
            text: Prompt and reply, or a completion.
            begun: Whether the text begins inside the assistant's turn, behind its header: a header
                in it opens another message of the same reply, or is quoted there.
        """
        found, begin, end, open_ = False, 0, len(text), begun
        for turn in self._turns.finditer(text):
            if turn["user"] is not None:
                if open_:
                    end = turn.start()
                open_ = False
                continue
            found = True
            if not open_:
                begin, end, open_ = turn.end(), len(text), True
        if not found:
            return None
        mark = self._end.search(text, begin, end)
        return begin, mark.start() if mark else end


FORMATS: tuple[ChatFormat, ...] = (
    # ChatML (Qwen, Yi, SmolLM, Nous), with a separator of its own in Phi-4
    ChatFormat(
        "<|im_start|>",
        r"<\|im_start\|>assistant(?:<\|im_sep\|>|\n)?",
        r"<\|im_start\|>(?:system|user|tool|developer)",
        r"<\|im_end\|>|<\|endoftext\|>",
    ),
    # Llama 3
    ChatFormat(
        "<|start_header_id|>",
        r"<\|start_header_id\|>assistant<\|end_header_id\|>\s*",
        r"<\|start_header_id\|>(?:system|user|tool|ipython)",
        r"<\|eot_id\|>|<\|eom_id\|>|<\|end_of_text\|>",
    ),
    # Llama 4
    ChatFormat(
        "<|header_start|>",
        r"<\|header_start\|>assistant<\|header_end\|>\s*",
        r"<\|header_start\|>(?:system|user|tool|ipython)",
        r"<\|eot\|>|<\|eom\|>|<\|end_of_text\|>",
    ),
    # Gemma 1 to 3
    ChatFormat(
        "<start_of_turn>",
        r"<start_of_turn>model\n?",
        r"<start_of_turn>(?:user|system)",
        r"<end_of_turn>|<eos>",
    ),
    # Gemma 4
    ChatFormat(
        "<|turn>", r"<\|turn>model\n?", r"<\|turn>(?:user|system|developer)", r"<turn\|>|<eos>"
    ),
    # DeepSeek V2.5 to V3.1, R1 and its distills
    ChatFormat(
        "<｜Assistant｜>",
        "<｜Assistant｜>",
        "<｜User｜>",
        "<｜end▁of▁sentence｜>",
    ),
    # the same, typed with ASCII bars
    ChatFormat(
        "<|Assistant|>", r"<\|Assistant\|>", r"<\|User\|>", r"<\|end_of_sentence\|>|<\|EOS\|>"
    ),
    # Mistral, Magistral, Llama 2
    ChatFormat("[/INST]", r"\[/INST\]\s?", r"\[INST\]|\[SYSTEM_PROMPT\]", r"</s>"),
    # Phi-3 and Phi-4-mini, GLM-4, Zephyr
    ChatFormat(
        "<|assistant|>",
        r"<\|assistant\|>\n?",
        r"<\|(?:user|system|observation)\|>",
        r"<\|end\|>|<\|endoftext\|>|</s>",
    ),
    # harmony (gpt-oss); its <|end|> stands between the messages of one reply
    ChatFormat(
        "<|start|>",
        r"<\|start\|>assistant",
        r"<\|start\|>(?:system|developer|user|functions)",
        r"<\|return\|>|<\|call\|>",
    ),
    # Granite
    ChatFormat(
        "<|start_of_role|>",
        r"<\|start_of_role\|>assistant<\|end_of_role\|>",
        r"<\|start_of_role\|>(?:system|user|tool)",
        r"<\|end_of_text\|>",
    ),
    # Command R and A
    ChatFormat(
        "<|CHATBOT_TOKEN|>",
        r"<\|CHATBOT_TOKEN\|>",
        r"<\|(?:USER|SYSTEM)_TOKEN\|>",
        r"<\|END_OF_TURN_TOKEN\|>",
    ),
    # Kimi
    ChatFormat(
        "<|im_assistant|>",
        r"<\|im_assistant\|>assistant<\|im_middle\|>",
        r"<\|im_(?:user|system)\|>",
        r"<\|im_end\|>",
    ),
    # EXAONE
    ChatFormat(
        "[|assistant|]", r"\[\|assistant\|\]\n?", r"\[\|(?:user|system)\|\]", r"\[\|endofturn\|\]"
    ),
    # Seed-OSS
    ChatFormat(
        "<seed:bos>",
        r"<seed:bos>assistant\n?",
        r"<seed:bos>(?:user|system|tool)",
        r"<seed:eos>",
    ),
)
"""Formats whose markup is made of special tokens, so that a text without a chat never holds it."""

_PLAIN = re.compile(
    r"(?:^|(?<=\n)|(?<=[.?!>] )|(?<=[.?!]))(?:(?:###|\*\*)\s*)?"
    r"(?:Assistant|ASSISTANT|Response):(?:\*\*)?"
)
"""Roles in plain letters (R1-Zero, TinyZero, Vicuna, Alpaca), at the beginning of a sentence."""


def last_reply(text: str, begun: bool = False) -> tuple[int, int] | None:
    """Find the assistant's last reply in a text that holds a chat.

    Args:
        text: Prompt and reply with their markup, or a completion.
        begun: Whether the text begins inside the assistant's turn, behind its header.

    Returns:
        Where it begins and ends, headers and end marks left out; None if the text has no markup
        of a known format (`FORMATS`).
    """
    at = [(place, f) for f in FORMATS if (place := text.find(f.sign)) >= 0]
    for _, form in sorted(at, key=lambda pair: pair[0]):
        span = form.last_reply(text, begun)
        if span is not None:
            return span
    return None


def plain_reply(text: str, before: int) -> int:
    """Where a reply begins whose role is written in plain letters, ``Assistant:``.

    Args:
        text: Prompt and reply.
        before: Only roles before this character count: a reply may write such words itself.

    Returns:
        The first character behind the last such role; 0 if there is none.
    """
    return max((match.end() for match in _PLAIN.finditer(text, 0, before)), default=0)
