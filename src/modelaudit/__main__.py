"""`python -m modelaudit`."""

from modelaudit.cli import main

main()
