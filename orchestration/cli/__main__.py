"""`python -m orchestration.cli`: the command where its script is not on the path."""

from orchestration.cli.main import run

if __name__ == "__main__":
    run()
