"""Rubrics: what a judge is asked of a conversation, and which answers there are.

One YAML file each, of one form:

    rubric: NAME                 small letters, digits, underscores
    version: "1"                 raised with every change of words: labels name it
    title: TEXT
    about: answer|conversation   whether a label is of one model's part, or of the whole
    instructions: TEXT           what every judge is told first
    labels:
      - label: NAME              the question's name; no two rubrics share one
        question: TEXT
        severities: [...]        optional {severity, name}, mildest first; each finding then has one
        score: [0, 10]           optional least and greatest score
        values:
          - {value: NAME, name: TEXT, is_finding: true, is_sensitive: true}

After a change run `python -m orchestration.rubric_seed`: dbt reads a seed made of them.

A *finding* is a value whose rate is reported, such as a hazard; a *sensitive* value is a topic
where an answer has more at stake.
"""
