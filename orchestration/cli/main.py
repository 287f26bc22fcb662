"""The `demoscope` command and how it ends: data on stdout, words on stderr, an exit code.

Commands are imported when they run, so that `leaderboard` answers at once.
"""

from __future__ import annotations

import atexit
import errno
import os
import resource
import signal
import sys
import warnings
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from ingestion.errors import DemoscopeError, NotFoundError
from ingestion.paths import HOME_VARIABLE, Home
from orchestration.cli.help import end_of_help, epilog, show_values
from orchestration.cli.misuse import misuse
from orchestration.cli.output import HOME_TYPED, home_hint, json_option, put, say
from orchestration.cli.settings import CONFIG_VARIABLE, settings
from publishing.meant import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

# The module that has a function of the command's name, or for a group of commands its `app`.
COMMANDS = {
    "ingest": ("ingest", "Bring files through the gate into the event log."),
    "mapping": ("mapping", "Draft a mapping: what the columns of a file mean."),
    "build": ("build", "Build every mart and the leaderboard from the log."),
    "leaderboard": ("build", "Show a leaderboard."),
    "compare": ("models", "Show how often people prefer one model over another."),
    "model": (
        "models",
        "Show one model: its ranks by question and group, and what is known of it.",
    ),
    "publish": ("publish", "Publish the marts for readers: DuckDB, Parquet, CSV."),
    "superset": ("publish", "Write a dashboard for Apache Superset."),
    "site": ("publish", "Build the page readers open, and look at it."),
    "queue": ("planning", "Show which battles to hold next, and schedule them."),
    "boards": ("boards", "List, check, reproduce and compare releases of boards."),
    "quality": ("quality", "Who takes part in earnest: rules, strikes, appeals, sensitivity."),
    "benchmarks": ("benchmarks", "How far benchmarks order models as people do."),
    "recruit": ("planning", "Whom to recruit next, how many, and what it costs."),
    "crosswalk": ("crosswalk", "Propose rows for answers that no seed explains."),
    "replicates": ("replicates", "Write replicate weights for a statistician's own program."),
    "log": ("log", "Look into the event log and check that it is whole."),
    "witness": ("witness", "Sign checkpoints of other people's logs."),
    "vault": ("vault", "Back up the keys that link the log to people, and restore them."),
    "label": ("label", "Have a model label conversations by a rubric."),
    "simulate": ("simulate", "Write a simulated study whose truth is known."),
    "study": ("build", "Ingest a bundled study, build, show its leaderboard and make the page."),
    "sycophancy": ("sycophancy", "Show how often models flatter, and whether that pays."),
    "experience": ("experience", "Show how people rate models one at a time, 1 to 7."),
    "doctor": ("doctor", "Say what is wrong with this installation or warehouse."),
}
# A shell asks what may come next.
IS_COMPLETING = "_DEMOSCOPE_COMPLETE" in os.environ
OWN_OPTIONS = ("--home", "--config")
# The class is of the library that the installed Typer brings along.
USAGE_ERROR: Any = typer.BadParameter.__base__
INTERRUPTED = 130
CODE_OF_SIGNALS = 128
INTERRUPT_WORDS = "Interrupted; nothing half done was kept."
# What a terminal, a user or a system ends a command by, and how it is said in the exit code.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_STOPPED_BY: list[int] = []
# Commands whose libraries (Great Expectations, dbt) are a million objects. The module of a command
# is imported only where that command runs.
LARGE = {"orchestration.cli.ingest", "orchestration.cli.build"}
show_values()
# As many as some systems permit; a log of thousands of files is read with far fewer.
OPEN_FILES = 10_240
TOO_MANY = os.strerror(errno.EMFILE)
MORE_FILES = (
    "The log has more files than this process may have open at once. Nothing is damaged. Raise "
    "the limit (`ulimit -n 1024`) or merge files (`demoscope log compact`), then try again."
)


class LazyCommands(TyperGroup):
    """Commands by name; a command's module is imported only when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Every command, in the order of use."""
        del ctx
        return list(COMMANDS)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is named first, or an error that says which was probably meant."""
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            ctx.fail(f"There is no command {args[0]!r}. {did_you_mean(args[0], COMMANDS)}")
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import the command's module and take the command from it."""
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        module, words = COMMANDS[cmd_name]
        found: Any = import_module(f"orchestration.cli.{module}")
        if hasattr(found, cmd_name):
            app = typer.Typer(add_completion=False)
            app.command()(getattr(found, cmd_name))
        else:
            app = found.app
        command = typer.main.get_command(app)
        command.name = cmd_name
        command.help = command.help or words
        complete(command, cmd_name)
        return command


def complete(command: Any, name: str) -> None:
    """Give a command what every one has: --json beside --format, examples, exit codes."""
    if hasattr(command, "commands"):
        for own, below in command.commands.items():
            complete(below, f"{name} {own}")
        return
    command.epilog = epilog(name)
    if IS_COMPLETING:
        from orchestration.cli.completion import offer_values

        offer_values(command, name)
    options = {option for it in command.params for option in it.opts}
    if "--format" in options and "--json" not in options:
        command.params.append(json_option())


app = typer.Typer(
    name="demoscope",
    cls=LazyCommands,
    help="Whose favourite model? Census-weighted leaderboards anybody can reproduce.",
    epilog=end_of_help(),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    # Commands below take it over.
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _say_version(is_asked: bool) -> None:
    if is_asked:
        from importlib.metadata import version  # not for a shell that completes

        put(f"demoscope {version('demoscope')}")
        raise typer.Exit


@app.callback()
def demoscope(
    home: Annotated[
        str | None,
        typer.Option(metavar="DIR", help=f"The warehouse; {HOME_VARIABLE} where not given."),
    ] = None,
    config: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Defaults; demoscope.toml beside the warehouse if any."),
    ] = None,
    is_version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_say_version, help="Show the version."),
    ] = False,
) -> None:
    """Whose favourite model? Census-weighted leaderboards anybody can reproduce."""
    del is_version
    if home is not None:
        os.environ[HOME_VARIABLE] = os.environ[HOME_TYPED] = home
    if config is not None:
        os.environ[CONFIG_VARIABLE] = config
    settings()
    Home.from_environment().keep_private()


def allow_open_files() -> None:
    """As many open files as the system permits this process: a log may have thousands."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        # What is refused leaves the limit as it was.
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _hide_warnings_of_libraries() -> None:
    """What Python's libraries warn of is for developers: `python -W` and PYTHONWARNINGS show it."""
    if not sys.warnoptions:
        warnings.showwarning = lambda *_args, **_named: None


def own_options_first(arguments: Sequence[str]) -> list[str]:
    """Arguments with `--home DIR` and `--config FILE` before the command; not those after `--`.

    `help COMMAND` becomes `COMMAND --help`.
    """
    found = list(arguments)
    end = found.index("--") if "--" in found else len(found)
    first: list[str] = []
    rest: list[str] = []
    place = 0
    while place < end:
        argument = found[place]
        count = 2 if argument in OWN_OPTIONS else 1
        is_own = argument.partition("=")[0] in OWN_OPTIONS
        (first if is_own else rest).extend(found[place : place + count])
        place += count
    if rest[:1] == ["help"]:
        rest = [*rest[1:], "--help"]
    return [*first, *rest, *found[max(place, end) :]]


def run() -> None:
    """The process of the command: `carry_out`, and after a large one an end without taking apart.

    To take a million objects apart takes more than a second.
    """
    _hold_streams()
    _take_interrupts()
    try:
        carry_out()
    except SystemExit as end:
        # A database is closed by then; if it is not, its own log has what was committed.
        is_at_once = LARGE & sys.modules.keys() or _STOPPED_BY
        if is_at_once and isinstance(end.code, int):
            _end_at_once(end.code)
        raise


def _take_interrupts() -> None:
    """The first interrupt (Ctrl-C) ends what is done in order, and a second one the process.

    So do SIGTERM and SIGHUP, by which systems and closed terminals end a process.
    Nothing is taken apart then: what threads are at, a library would say loudly or die of. A log
    has what was committed, as after a crash.
    """
    # Whoever started it may have it ignored.
    for one in SIGNALS:
        if signal.getsignal(one) in {signal.SIG_DFL, signal.default_int_handler}:
            signal.signal(one, _interrupted)
    # What is left then, multiprocessing's own process cleans up; it need not say so.
    known = os.environ.get("PYTHONWARNINGS")
    quiet = "ignore:resource_tracker:UserWarning"
    os.environ["PYTHONWARNINGS"] = f"{known},{quiet}" if known else quiet


def _interrupted(number: int, _frame: object) -> None:
    if _STOPPED_BY:
        if (second := sys.modules.get("orchestration.second_process")) is not None:
            second.SecondProcess.kill_all()
        os._exit(_stopped())
    _STOPPED_BY.append(number)
    raise KeyboardInterrupt


def _stopped() -> int:
    """The exit code of a command that a signal ended: 130, 143 or 129."""
    return CODE_OF_SIGNALS + _STOPPED_BY[0] if _STOPPED_BY else INTERRUPTED


def _hold_streams() -> None:
    """Open what the caller closed (`>&-`), to go nowhere: else the next file takes its place."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # It stays open as long as the process.
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115  # above


def _end_at_once(code: int) -> None:
    """Do what has to be done at the end, and leave; return where the output cannot be written."""
    with suppress(OSError, ValueError):
        atexit._run_exitfuncs()  # noqa: SLF001  # there is no public name for it
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def carry_out() -> None:
    """Run the command line; a user's error is one message and an exit code, never a traceback."""
    allow_open_files()
    _hide_warnings_of_libraries()
    try:
        _end_with(app(own_options_first(sys.argv[1:]), standalone_mode=False))
    except USAGE_ERROR as error:
        _end_misused(error)
    except typer.Abort:
        _end_interrupted()
        _end("Aborted; nothing was done.", 1)
    except DemoscopeError as error:
        _end_interrupted()
        is_limit = TOO_MANY in str(error)
        said = f"{error}{_where(error)}"
        _end(MORE_FILES if is_limit else said, 1 if is_limit else error.exit_code)
    except KeyboardInterrupt:
        _end(INTERRUPT_WORDS, _stopped())
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        # A full disk, a path or a permission is the user's to repair. Other faults are ours and
        # show where they are.
        if error.errno == errno.EMFILE:
            _end(MORE_FILES, 1)
        where = f"{error.filename}: " if error.filename else ""
        _end(f"{where}{error.strerror or error}. Repair that, then run the command again.", 1)
    except Exception as error:
        # A library may say of an interrupt that its work failed.
        _end_interrupted()
        if TOO_MANY not in str(error):
            raise
        _end(MORE_FILES, 1)


def _end_with(code: object) -> None:
    if code == INTERRUPTED:
        _end_interrupted()
    sys.exit(code if isinstance(code, int) else 0)


def _end_interrupted() -> None:
    """End here where an interrupt is what made something fail."""
    if _STOPPED_BY:
        _end(INTERRUPT_WORDS, _stopped())


def _end_misused(error: Any) -> None:
    """Say what in the command line is not understood, in the form of every other error."""
    if type(error).__name__ == "NoArgsIsHelpError":
        # Nothing was asked: its message is the help.
        say(error.format_message())
        sys.exit(error.exit_code)
    _end(misuse(error, OWN_OPTIONS), error.exit_code)


def _where(error: DemoscopeError) -> str:
    """Which home has nothing to find: another may be meant."""
    return f" ({said})" if isinstance(error, NotFoundError) and (said := home_hint()) else ""


def _end(message: str, code: int) -> None:
    say(f"error: {message}")
    sys.exit(code)
