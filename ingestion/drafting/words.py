"""What people call the columns of a study, and how they write who won."""

from __future__ import annotations

import re
import unicodedata

from ingestion.vocabulary import Outcome

SIDES = (
    ("a", "b"),
    ("1", "2"),
    ("left", "right"),
    ("first", "second"),
    ("links", "rechts"),
    ("linkes", "rechtes"),
    ("gauche", "droite"),
    ("premier", "second"),
    ("premier", "deuxieme"),
    ("izquierda", "derecha"),
    ("izquierdo", "derecho"),
    ("primero", "segundo"),
    ("primer", "segundo"),
)
# Sides that say by themselves that a column is one of two models.
NAMED_SIDES = {word for pair in SIDES[2:] for word in pair}
OF_MODELS = {
    *("model", "models", "modell", "modele", "llm", "assistant", "system", "bot", "chatbot"),
    *("modelo", "asistente", "sistema", "systeme", "nombre", "nom", "name", "id"),
}
_ASKED = (
    *("aspect", "question", "frage", "kriterium", "pregunta", "criterio", "critere", "aspecto"),
)
# Contract's column -> what files call it, the surest name first.
CALLED = {
    "participant_id": (
        *("participant_id", "prolific_pid", "participant", "worker_id", "worker", "user_id"),
        *("rater_id", "rater", "annotator_id", "annotator", "respondent_id", "respondent"),
        *("judge_id", "judge", "voter_id", "voter", "person_id", "person", "panelist_id"),
        *("panelist", "subject_id", "visitor_id", "pid", "teilnehmer_id", "teilnehmer"),
        *("teilnehmernummer", "befragter", "befragten_id", "user", "reviewer", "session_id"),
        *("proband", "probanden_id", "versuchsperson", "participante", "id_participante"),
        *("encuestado", "usuario", "repondant", "votant", "utilisateur"),
        # What a form asks for that gives no other name to people.
        *("email", "e_mail", "mail", "email_address", "e_mail_address", "e_mail_adresse"),
        *("correo", "correo_electronico", "direccion_de_correo_electronico", "courriel"),
        *("adresse_e_mail", "adresse_email", "adresse_mail", "nombre_de_usuario"),
    ),
    "native_id": (
        *("native_id", "vote_id", "battle_id", "comparison_id", "judgment_id", "judgement_id"),
        *("rating_id", "response_id", "conversation_pair_id", "id", "uuid", "question_id"),
        *("record_id", "row_id", "antwort_id", "lfdn", "laufende_nummer", "lfd_nr", "lfd", "nr"),
        *("id_de_la_respuesta", "id_de_respuesta", "id_respuesta", "numero", "folio"),
        *("id_de_la_reponse", "id_de_reponse", "id_reponse", "identifiant_de_la_reponse"),
    ),
    "conversation_id": ("conversation_id", "conv_id", "chat_id", "dialog_id", "dialogue_id"),
    "item_id": (
        *("item_id", "prompt_id", "task_id", "item", "question_id", "scenario_id", "aufgabe_id"),
        *("prompt_nr", "task", "trial", "tarea", "id_tarea", "tache", "id_tache"),
    ),
    "language": ("language", "lang", "sprache", "idioma", "lengua", "langue"),
    "topic": (
        *("topic", "category", "thema", "kategorie", "tema", "categoria", "categorie", "sujet"),
    ),
    "occurred_at": (
        *("occurred_at", "judged_at", "voted_at", "rated_at", "submitted_at", "timestamp"),
        *("tstamp", "time_stamp", "recorded_date", "completed_at", "end_date", "created_at"),
        *("date_time", "datetime", "time", "date", "zeitstempel", "zeitpunkt", "datum", "zeit"),
        *("abgeschlossen", "completed_date_time", "ts", "created", "when"),
        *("marca_temporal", "fecha_de_finalizacion", "fecha_de_envio", "fecha_y_hora", "fecha"),
        *("hora", "horodateur", "horodatage", "date_de_fin", "date_de_soumission", "heure"),
        *("date_et_heure", "start_date", "fecha_de_inicio", "date_de_debut"),
    ),
    "dimension": ("dimension", "metric", "criterion", *_ASKED),
    "criterion": ("criterion", "dimension", "metric", *_ASKED),
    "outcome": (
        *("outcome", "winner", "vote", "choice", "verdict", "preference", "preferred", "result"),
        *("chosen_model_name", "chosen_model", "chosen", "selection", "judgment", "judgement"),
        *("gewinner", "urteil", "wahl", "praferenz", "winner_model", "better", "label"),
        *("favourite", "favorite", "preferred_model", "sieger", "stimme", "ganador", "eleccion"),
        "preferencia",
        *("preferido", "voto", "resultado", "prefere", "preferee", "gagnant", "vainqueur", "choix"),
        *("resultat", "mejor", "meilleur", "meilleure"),
    ),
    "model_id": (
        *("model_id", "model", "model_name", "modell", "modele", "llm", "assistant", "system"),
        *("modelo", "asistente", "sistema", "systeme"),
    ),
    "rating": (
        *("rating", "score", "stars", "bewertung", "note", "value", "puntuacion", "calificacion"),
        *("valoracion", "nota", "evaluation_note"),
    ),
    "country": (
        *("country", "country_of_residence", "current_country_of_residence", "land", "pays"),
        *("pais", "pais_de_residencia", "pays_de_residence"),
    ),
    "age": (
        *("age", "age_group", "age_band", "alter", "altersgruppe", "years", "edad"),
        *("que_edad_tiene", "grupo_de_edad", "rango_de_edad", "tranche_d_age"),
        *("quel_age_avez_vous", "how_old_are_you", "wie_alt_sind_sie"),
    ),
    "gender": ("gender", "sex", "geschlecht", "sexo", "genero", "sexe", "genre"),
    "ethnicity": (
        *("ethnicity", "ethnicity_simplified", "race", "ethnic_group", "etnia", "raza"),
        *("origen_etnico", "origine_ethnique"),
    ),
    "politics": (
        *("politics", "party", "political_affiliation", "partei", "vote_2024", "partido", "parti"),
    ),
    "education": (
        *("education", "highest_education_level_completed", "education_level", "bildung"),
        *("educacion", "estudios", "nivel_de_estudios", "niveau_d_etudes", "diplome"),
    ),
    "win_a_count": ("win_a_count", "wins_a", "win_a", "a_wins"),
    "win_b_count": ("win_b_count", "wins_b", "win_b", "b_wins"),
    "tie_count": ("tie_count", "ties", "tie", "draws"),
    "both_bad_count": ("both_bad_count", "tie_both_bad", "both_bad", "bothbad"),
    "benchmark": ("benchmark", "benchmark_name", "eval", "evaluation"),
    "score": ("score", "value", "result"),
}
TIES = (
    *("is_tie", "tie", "both_equal", "draw", "a_tie", "tied", "equal"),
    *("unentschieden", "empate", "egalite"),
)
# What a header of ids and numbers may end with: `Teilnehmer-Nr.` is `teilnehmer_id`.
_NUMBERED = re.compile(r"_(id|nr|no|number|nummer|numero|num|code|kennung)$")
# The seeds' dimensions, by what a question on them is called.
DIMENSIONS = {
    "overall": r"overall|gesamt|insgesamt|all_in_all|general|winner|outcome|preference|besser"
    r"|prefer(?:ez|es|e|encia)(?:_|$)|prefier|globalement|dans_l_ensemble|en_conjunto",
    "trust": r"trust|vertrau|ethic|safe|sicher|confian",
    "communication": r"communic|kommunik|comunic|style|estilo|presentation|verstandlich|clari",
    "adaptiveness": r"adapt|interact|fluid|flow",
    "core_task": r"core|task|reasoning|aufgabe|correct|tarea|tache",
    "personality": r"personal|personlich|pleasant|sympath|simpat|agradable|agreable",
    "culture": r"cultur|kultur",
}
_FILLERS = {
    *("the", "is", "was", "are", "one", "model", "modell", "answer", "response", "option"),
    *("system", "assistant", "wins", "win", "won", "winner", "better", "best", "much"),
    *("slightly", "clearly"),
    *("prefer", "preferred", "i", "die", "das", "der", "antwort", "ist", "besser", "viel", "etwas"),
    *("chose", "chosen", "about", "equally", "an", "of", "them", "were", "gewinnt", "bot", "llm"),
    *("on", "side", "this", "more", "it", "s", "to", "sind", "seite"),
    *("el", "la", "los", "las", "un", "una", "es", "de", "del", "modelo", "asistente", "respuesta"),
    *("opcion", "sistema", "lado", "mejor", "mucho", "poco", "algo", "prefiero", "gana"),
    "claramente",
    *("le", "les", "l", "une", "est", "du", "modele", "reponse", "systeme", "cote", "mieux"),
    *("meilleur", "meilleure", "beaucoup", "peu", "nettement", "je", "prefere", "gagne"),
}
_NEITHER = (
    *("ninguno", "ninguna", "ninguno_de_los_dos", "ninguna_de_las_dos", "ni_uno_ni_otro"),
    *("aucun", "aucune", "aucun_des_deux", "aucune_des_deux", "ni_l_un_ni_l_autre"),
)
_MEANT = {
    Outcome.A: {"a", "left", "links", "linke", "linkes", "first", "erste", "gauche", "1"}
    | {"izquierda", "izquierdo", "primero", "primera", "primer", "premier", "premiere"},
    Outcome.B: {"b", "right", "rechts", "rechte", "rechtes", "second", "zweite", "droite", "2"}
    | {"derecha", "derecho", "segundo", "segunda", "deuxieme", "seconde"},
    Outcome.TIE: {
        *("tie", "a_tie", "tied", "equal", "same", "draw", "both", "both_good", "similar"),
        "no_preference",
        *("tie_inconsistent", "unentschieden", "gleich", "gleich_gut", "beide", "beide_gut"),
        *("egal", "egalite", "no_difference", "kein_unterschied", "beide_gleich", "both_same"),
        *("both_good_tie", "tie_both_good", "equal_quality", "empate", "igual", "iguales"),
        *("ambos", "ambas", "los_dos", "las_dos", "sin_preferencia", "sin_diferencia", "lo_mismo"),
        *("ambos_buenos", "ambas_buenas", "ex_aequo", "match_nul", "les_deux", "pareil"),
        *("aucune_preference", "pas_de_preference", "aucune_difference", "identiques"),
    },
    Outcome.BOTH_BAD: {
        *("both_bad", "bothbad", "tie_bothbad", "tie_both_bad", "neither", "neither_good", "none"),
        *("beide_schlecht", "keine", "keines", "keiner", "keins", "bad", *_NEITHER),
        *("ambos_malos", "ambas_malas", "los_dos_malos", "les_deux_mauvais"),
    },
}
# Words of which another meaning is as likely: a person should look.
DOUBTFUL = {"both", "beide", "neither", "none", "keine", "keines", "keiner", "keins", "egal", "bad"}
DOUBTFUL |= {*_NEITHER, "ambos", "ambas", "los_dos", "las_dos", "les_deux"}
NOTHING = {
    *("no_answer", "skip", "skipped", "don_t_know", "dont_know", "keine_angabe", "k_a"),
    *("weiss_nicht", "nicht_beantwortet", "not_answered", "refused", "can_t_say", "idk"),
    *("no_se", "no_lo_se", "ns_nc", "no_contesta", "sin_respuesta", "prefiero_no_decirlo"),
    *("je_ne_sais_pas", "ne_sait_pas", "nsp", "sans_reponse", "sans_opinion"),
}
_COMPARED = re.compile(r"\W*(a|b)\s*([<>=]{1,2})\s*(a|b)\W*", re.IGNORECASE)


def slug(name: str) -> str:
    """A header or a value in lower case, words parted by underscores: `modelA` is `model_a`."""
    text = unicodedata.normalize("NFKD", name.replace("ß", "ss"))
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Za-z])(?=\d)", "_", text)
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


def stem(name: str) -> str | None:
    """What a header of ids is about, as a slug; None of any other header."""
    text = slug(name)
    return _NUMBERED.sub("", text) if _NUMBERED.search(text) else None


def words(name: str) -> list[str]:
    """The words of a header."""
    return slug(name).split("_")


def meaning(value: str) -> Outcome | None:
    """Which verdict a value is, if that can be read from it."""
    compared = _COMPARED.fullmatch(value)
    if compared and compared[1].lower() != compared[3].lower():
        left, mark, _ = compared.groups()
        if mark[0] == "=":
            return Outcome.TIE
        is_a = (left.lower() == "a") == (mark[0] == ">")
        return Outcome.A if is_a else Outcome.B
    text = slug(value)
    bare = "_".join(word for word in text.split("_") if word not in _FILLERS)
    for tried in (text, bare):
        for outcome, known in _MEANT.items():
            if tried in known:
                return outcome
    return None


def is_doubtful(value: str) -> bool:
    """Whether a verdict's word may mean another one."""
    bare = "_".join(word for word in words(value) if word not in _FILLERS)
    return bare in DOUBTFUL or slug(value) in DOUBTFUL


def dimension_of(name: str) -> str:
    """What a question is about: one of the seeds' dimensions, or its own name as a slug."""
    text = slug(name)
    known = (own for own, pattern in DIMENSIONS.items() if re.search(pattern, text))
    return next(known, text[:63].strip("_") or "overall")
