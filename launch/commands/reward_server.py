"""``suffice reward-server``: the reward over HTTP, for trainers that ask a remote reward model."""

from __future__ import annotations

import argparse

from launch.command import Command, add_config, whole_number
from tagger.errors import UserError


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_config(parser, None, "model=Qwen/Qwen3-4B reward.terms.step_count.weight=0.05 …")
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="address to listen on; the server asks for no password (default: 127.0.0.1)",
    )
    parser.add_argument(
        "--port",
        type=whole_number("port", 1, 65535),
        default=5000,
        metavar="N",
        help="port to listen on (default: 5000)",
    )


def run(args: argparse.Namespace) -> None:
    """Serve until interrupted."""
    from importlib.util import find_spec

    if find_spec("uvicorn") is None or find_spec("starlette") is None:
        raise UserError(
            'The reward server needs Starlette and uvicorn; pip install "suffice[serve]".'
        )
    from rewards.adapters.server import reward_app
    from rewards.function import StepReward
    from rl.policy.load import load_tokenizer
    from rl.training.config import config_from_dict, load_config
    from tagger.config.settings import apply_overrides

    if args.config:
        config = load_config(args.config, args.overrides)
    else:
        config = config_from_dict(apply_overrides({}, args.overrides), "command line")
    tokenizer, delimiters = load_tokenizer(config)
    reward = StepReward(
        config.reward.terms,
        tokenizer,
        tagger=config.tagger,
        segmenter=config.segmenter,
        delimiters=(delimiters.open, delimiters.close),
        chat_template_kwargs=config.chat_template_kwargs,
        checker=config.problems.checker,
    )
    import uvicorn

    print(f"Rewards at http://{args.host}:{args.port}/get_reward", flush=True)
    uvicorn.run(reward_app(reward), host=args.host, port=args.port, log_level="warning")


COMMAND = Command(
    name="reward-server",
    summary="serve the reward over HTTP, in the form of OpenRLHF's remote reward models",
    example="suffice reward-server model=overthinker --port 5000",
    configure=configure,
    run=run,
)
