"""Settings every test runs under, made before torch is loaded."""

import os

from launch.bootstrap import set_environment, stay_offline

# One thread: idle OpenMP threads spin and slow everything else on the machine several times.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("WANDB_MODE", "offline")
set_environment()
stay_offline()
