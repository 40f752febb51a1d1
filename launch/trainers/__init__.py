"""What `suffice tagger train --backend` chooses from. A new back end is a line here."""

from launch.trainers.base import Trainer
from launch.trainers.causal import CAUSAL
from launch.trainers.encoder import ENCODER
from launch.trainers.linear import LINEAR
from launch.trainers.student import STUDENT
from tagger.errors import unknown_name

TRAINERS: dict[str, Trainer] = {
    trainer.name: trainer for trainer in (LINEAR, STUDENT, ENCODER, CAUSAL)
}


def get_trainer(name: str) -> Trainer:
    """Find a trainer by its name.

    Raises:
        UserError: No such back end; the nearest one is suggested.
    """
    if name not in TRAINERS:
        raise unknown_name("back end of tagger train", name, TRAINERS)
    return TRAINERS[name]
