"""`python -m imgmiddleware`."""

import sys

from imgmiddleware.cli import main

if __name__ == "__main__":
    sys.exit(main())
