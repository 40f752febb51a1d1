"""The Hugging Face Hub: names, taggers to and from it, and the one way to upload anything."""

from tagger.hub.names import HubName
from tagger.hub.taggers import FILES, card_for_hub, download_tagger, upload_tagger
from tagger.hub.upload import upload_files

__all__ = [
    "FILES",
    "HubName",
    "card_for_hub",
    "download_tagger",
    "upload_files",
    "upload_tagger",
]
