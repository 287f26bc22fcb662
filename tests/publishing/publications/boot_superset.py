"""Boots Superset in its own environment, imports a dashboard over REST and asks for what it shows.

    python boot_superset.py DASHBOARD.zip

Prints JSON: each chart of the dashboard with the rows that its own query gives.
"""

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

USER = {"username": "admin", "password": "admin"}


def main(dashboard: Path) -> None:
    """Import and ask."""
    app = import_module("superset.app").create_app()
    with app.app_context():
        security_manager = import_module("superset").security_manager
        security_manager.sync_role_definitions()
        role = security_manager.find_role("Admin")
        security_manager.add_user("admin", "A", "B", "a@example.org", role, password="admin")  # noqa: S106
    client = app.test_client()
    login = client.post("/api/v1/security/login", json={**USER, "provider": "db"}).get_json()
    headers = {"Authorization": f"Bearer {login['access_token']}"}
    with dashboard.open("rb") as file:
        done = client.post(
            "/api/v1/dashboard/import/",
            headers=headers,
            data={"formData": (file, dashboard.name), "overwrite": "true"},
            content_type="multipart/form-data",
        )
    assert done.status_code == 200, done.get_data(as_text=True)
    charts = client.get("/api/v1/dashboard/demoscope/charts", headers=headers).get_json()["result"]
    shown = {chart["slice_name"]: rows(client, headers, chart["form_data"]) for chart in charts}
    sys.stdout.write(json.dumps(shown))


def rows(client: Any, headers: dict[str, str], form: dict[str, Any]) -> list[dict[str, Any]]:
    """What a chart's query gives."""
    query = {
        "columns": form["all_columns"],
        "orderby": [json.loads(order) for order in form.get("order_by_cols", [])],
        "row_limit": form["row_limit"],
        "metrics": [],
        "filters": [],
    }
    asked = {
        "datasource": {"id": int(form["datasource"].split("__")[0]), "type": "table"},
        "queries": [query],
        "result_format": "json",
        "result_type": "full",
    }
    answer = client.post("/api/v1/chart/data", headers=headers, json=asked)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    found: list[dict[str, Any]] = answer.get_json()["result"][0]["data"]
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]))
