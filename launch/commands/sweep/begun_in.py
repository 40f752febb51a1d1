"""The folder that a sweep was begun in, from where the relative paths of its settings are found."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rl.sweep.folder import SweepFolder


def there(sweep: SweepFolder) -> SweepFolder:
    """Go where a sweep was begun, unless this machine has no such folder; its tasks run there too.

    Returns:
        The sweep, its folder named from the root of the disk.
    """
    if sweep.directory is None or not sweep.directory.is_dir() or sweep.directory == Path.cwd():
        return sweep
    absolute = replace(sweep, root=sweep.root.absolute())
    os.chdir(sweep.directory)
    return absolute
