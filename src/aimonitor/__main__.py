"""`python -m aimonitor` is the command `aimonitor`."""

import sys

from aimonitor.cli import main

sys.exit(main())
