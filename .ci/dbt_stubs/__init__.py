"""What sqlfluff's jinja templater does not know of dbt: stand-ins to lint SQL with, not to run it.

sqlfluff's own dbt builtins cover ref, source, config, var, this and is_incremental; this adds
dispatch and the cross-database macros. The real thing is proved by `dbt parse` and the
dbt tests.
"""

from collections.abc import Callable
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context


class _Adapter:
    """`adapter`: finds the implementation of a macro as dbt-duckdb would."""

    @staticmethod
    @pass_context
    def dispatch(context: Context, macro_name: str, macro_namespace: str | None = None) -> Any:
        """The macro `duckdb__<name>`, else `default__<name>`, whatever the namespace."""
        del macro_namespace
        for prefix in ("duckdb", "default"):
            macro = context.get(f"{prefix}__{macro_name}")
            if macro is not None:
                return macro
        message = f"no macro duckdb__{macro_name} or default__{macro_name}"
        raise ValueError(message)


class _Dbt:
    """`dbt`: a cross-database macro renders as a type or as a function call of its name."""

    def __getattr__(self, name: str) -> Callable[..., str]:
        if name.startswith("type_"):
            return lambda: name.removeprefix("type_")
        return lambda *args, **kwargs: f"{name}({', '.join(map(str, [*args, *kwargs.values()]))})"


adapter = _Adapter()
dbt = _Dbt()
