"""`python -m viz`: the same as the command `dotgrad`."""

import sys

from viz.cli import main

sys.exit(main())
