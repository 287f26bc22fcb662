"""A publication as Croissant, with what responsible use of it needs (RAI): `croissant.json`.

https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html and croissant-rai-spec.html. The
files are the CSV ones; each table is a record set with its columns as fields.
"""

from __future__ import annotations

from typing import Any

FILE = "croissant.json"
CONFORMS_TO = ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"]
TYPES = {
    "varchar": "sc:Text",
    "boolean": "sc:Boolean",
    "integer": "sc:Integer",
    "bigint": "sc:Integer",
    "double": "sc:Float",
    "date": "sc:Date",
    "timestamp with time zone": "sc:DateTime",
}
# The context that the specification gives, as far as it is used here.
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "isLiveDataset": "cr:isLiveDataset",
    "recordSet": "cr:recordSet",
    "source": "cr:source",
}
UNSAID = "The study did not say."


def document(manifest: dict[str, Any], study: dict[str, Any]) -> dict[str, Any]:
    """The Croissant description of a publication.

    Args:
        manifest: names its files.
        study: the row of `dim_study`; empty where nobody described the study.
    """
    licence = {"license": study["licence"]} if study.get("licence") else {}
    creator = study.get("conductor") or UNSAID
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS_TO,
        "name": study.get("title") or manifest["title"],
        "description": f"{manifest['title']}. Leaderboards of language models, from what people"
        " said when they compared them: aggregates only, no row is about one person."
        f" Sources: {', '.join(manifest['sources'])}.",
        "version": f"{manifest['log_position']}.0.0",
        "datePublished": manifest["recorded_at"][:10],
        "identifier": manifest["release_id"],
        "url": f"urn:sha256:{manifest['release_id']}",
        "creator": {"@type": "sc:Organization", "name": creator},
        "citeAs": f"{manifest['title']}, release {manifest['release_id']}.",
        "isLiveDataset": False,
        **licence,
        **_responsible_use(manifest, study),
        "distribution": [_file(table) for table in manifest["tables"]],
        "recordSet": [_records(table) for table in manifest["tables"]],
    }


def _responsible_use(manifest: dict[str, Any], study: dict[str, Any]) -> dict[str, Any]:
    """The minimal RAI fields: from the study's description, and from what a publication is."""
    people_min = manifest["disclosed_people_min"]
    simulated = " The people are simulated." if manifest["is_simulated"] else ""
    recruitment, mode = study.get("recruitment") or UNSAID, study.get("mode") or UNSAID
    return {
        "rai:dataCollection": f"People compared answers of two models, or rated one."
        f" Recruitment: {recruitment} Mode: {mode}{simulated}",
        "rai:dataCollectionType": ["Simulations" if manifest["is_simulated"] else "Surveys"],
        "rai:dataBiases": "The people who take part are not the population. Boards whose"
        " is_weighted is true are weighted to census margins; what the margins do not catch stays."
        " Population:"
        f" {study.get('population') or UNSAID}",
        "rai:dataLimitations": study.get("limits") or UNSAID,
        "rai:dataUseCases": "Quoting and comparing preferences of groups with their intervals."
        " Not for judging single people, nor for claims about groups without a row.",
        "rai:dataSocialImpact": "A leaderboard can move markets and habits: quote intervals and"
        " rank ranges, and say who judged.",
        "rai:personalSensitiveInformation": "Groups by answers such as age, ethnicity and politics."
        f" No row rests on fewer than {people_min} people, and counts are rounded down to"
        f" multiples of {people_min}.",
        "rai:hasSyntheticData": manifest["is_simulated"],
    }


def _csv(table: dict[str, Any]) -> dict[str, Any]:
    [file] = [file for file in table["files"] if file["name"].endswith(".csv")]
    return dict(file)


def _file(table: dict[str, Any]) -> dict[str, Any]:
    file = _csv(table)
    return {
        "@type": "cr:FileObject",
        "@id": file["name"],
        "name": file["name"],
        "description": table["description"],
        "contentUrl": file["name"],
        "contentSize": f"{file['byte_count']} B",
        "encodingFormat": "text/csv",
        "sha256": file["sha256"],
    }


def _records(table: dict[str, Any]) -> dict[str, Any]:
    name = _csv(table)["name"]
    return {
        "@type": "cr:RecordSet",
        "@id": table["name"],
        "name": table["name"],
        "description": table["description"],
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{table['name']}/{column['name']}",
                "name": column["name"],
                "description": column["description"],
                "dataType": TYPES[column["type"]],
                "source": {"fileObject": {"@id": name}, "extract": {"column": column["name"]}},
            }
            for column in table["columns"]
        ],
    }
