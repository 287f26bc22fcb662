"""The page readers open, made of what is published.

What stays out: what stands on it (site/).
"""

from typing import Any

import dagster as dg

from orchestration.assets.failures import as_failure
from orchestration.resources import OWNERS, HomeResource
from publishing.page.building import build_site


@dg.asset(
    key="site",
    deps=["publication"],
    description="The page of every published board, as static files; `index.html` is the current.",
    group_name="publish",
    owners=OWNERS,
    kinds={"python", "html"},
)
def site(home: HomeResource) -> dg.MaterializeResult[Any]:
    """Write the pages of what is published."""
    paths = home.paths
    with as_failure():
        page = build_site(paths, paths.site)
    pages = sorted(path.name for path in page.parent.glob("*.html"))
    return dg.MaterializeResult(metadata={"page": dg.MetadataValue.path(page), "pages": pages})
