"""Who runs the demonstration: a ministry's site, and the two hosts of the programmes that ship with the application.

Names and addresses are theirs; numbers are made up, and the CNDP's say so: nobody is to be called from a demonstration.
"""

from __future__ import annotations

import io
from collections.abc import Mapping

from PIL import Image, ImageDraw

from cohortmgr.organisations.letterheads.rules import INSTALLATION, LetterheadDraft

_HOURS = {
    "fr": "du lundi au vendredi, de 9 h à 16 h",
    "ar": "من الاثنين إلى الجمعة، من التاسعة صباحاً إلى الرابعة بعد الزوال",
    "en": "Monday to Friday, 9 am to 4 pm",
}
_HOSTING = {
    "fr": "Centre de données de l’administration, Rabat. Rien n’est gardé hors du Maroc.",
    "ar": "مركز معطيات الإدارة، الرباط. لا يحفظ أي شيء خارج المغرب.",
    "en": "The administration’s data centre, Rabat. Nothing is kept outside Morocco.",
}
_KEEPING = {
    "fr": "Une candidature non retenue est gardée deux ans, pour répondre aux recours. Le dossier d’une personne "
    "admise est gardé cinq ans après la fin de sa formation. Puis les noms et les papiers sont effacés : il ne reste "
    "que des chiffres.",
    "ar": "يحفظ الترشيح غير المقبول سنتين للجواب عن الطعون. ويحفظ ملف كل مقبول خمس سنوات بعد نهاية تكوينه. ثم تمحى "
    "الأسماء والوثائق ولا تبقى إلا الأرقام.",
    "en": "An application that is not selected is kept for two years, to answer appeals. The file of somebody admitted "
    "is kept for five years after their training ends. Then names and papers are erased, and only figures remain.",
}
_MINISTRY = {
    "name": {
        "fr": "Ministère de la Transition numérique et de la Réforme de l’administration",
        "ar": "وزارة الانتقال الرقمي وإصلاح الإدارة",
        "en": "Ministry of Digital Transition and Administration Reform",
    },
    "short": {"fr": "MTNRA", "ar": "الانتقال الرقمي", "en": "MTNRA"},
    "address": {
        "fr": "Avenue Ahmed Cherkaoui, Agdal, Rabat",
        "ar": "شارع أحمد الشرقاوي، أكدال، الرباط",
        "en": "Avenue Ahmed Cherkaoui, Agdal, Rabat",
    },
    "hours": _HOURS,
    "publisher": {
        "fr": "la direction de la communication du ministère",
        "ar": "مديرية التواصل بالوزارة",
        "en": "the ministry’s communication department",
    },
    "hosting": _HOSTING,
    "keeping": _KEEPING,
}
_HOME = {
    "welcome": {
        "fr": "Se former au numérique, partout au Maroc",
        "ar": "تكوينات في المجال الرقمي بكل جهات المغرب",
        "en": "Digital training, everywhere in Morocco",
    },
    "opening": {
        "fr": "Choisissez un programme : vous y trouverez les dates, les conditions et les documents à préparer.",
        "ar": "اختاروا برنامجاً: ستجدون فيه التواريخ والشروط والوثائق المطلوبة.",
        "en": "Choose a programme: it says its dates, its conditions and the papers to prepare.",
    },
}
_INPT = {
    "name": {
        "fr": "Institut national des postes et télécommunications",
        "ar": "المعهد الوطني للبريد والمواصلات",
        "en": "National Institute of Posts and Telecommunications",
    },
    "short": {"fr": "INPT", "ar": "معهد البريد", "en": "INPT"},
    "address": {
        "fr": "Avenue Allal Al Fassi, Madinat Al Irfane, Rabat",
        "ar": "شارع علال الفاسي، مدينة العرفان، الرباط",
        "en": "Avenue Allal Al Fassi, Madinat Al Irfane, Rabat",
    },
    "hours": _HOURS,
    "publisher": {
        "fr": "la direction des études de l’INPT",
        "ar": "مديرية الدراسات بالمعهد",
        "en": "INPT’s department of studies",
    },
    "hosting": _HOSTING,
    "keeping": _KEEPING,
}
# The key of the organisation, or the installation's word, to what stands at its head.
LETTERHEADS: Mapping[str, LetterheadDraft] = {
    INSTALLATION: LetterheadDraft(
        {**_MINISTRY, **_HOME}, "05 37 00 00 10", "contact@ministere.exemple.ma", "D-DEMO-001/2026"
    ),
    "ma": LetterheadDraft(_MINISTRY, "05 37 00 00 10", "formations@ministere.exemple.ma", "D-DEMO-002/2026"),
    "inpt": LetterheadDraft(_INPT, "05 37 00 00 27", "alternance@inpt.exemple.ma", "D-DEMO-003/2026"),
}


def drawn_mark() -> bytes:
    """Return a mark for the demonstration's institute: waves that leave a point. A PNG."""
    side = 384
    picture = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    pen = ImageDraw.Draw(picture)
    pen.ellipse((8, 8, side - 8, side - 8), fill="#123f6b")
    for radius in (80, 140, 200):
        box = (110 - radius, 274 - radius, 110 + radius, 274 + radius)
        pen.arc(box, 285, 345, fill="#ffffff", width=26)
    pen.ellipse((84, 248, 136, 300), fill="#f2b233")
    packed = io.BytesIO()
    picture.save(packed, "PNG")
    return packed.getvalue()
