"""What beat does: one sweep a minute finds every row whose wake was lost, and every job whose worker died;
offers whose deadline has passed end within the same minute, and within five unsent applications are
recalled and openings announced."""

SCHEDULE = {
    "sweep": {"task": "sweep", "schedule": 60.0, "options": {"expires": 55}},
    "sweep-documents": {"task": "sweep.documents", "schedule": 60.0, "options": {"expires": 55}},
    "collect-mail": {"task": "collect.mail", "schedule": 60.0, "options": {"expires": 55}},
    "expire-offers": {"task": "expire.offers", "schedule": 60.0, "options": {"expires": 55}},
    "announce-intakes": {"task": "announce.intakes", "schedule": 300.0, "options": {"expires": 290}},
    "forget-addresses": {"task": "forget.addresses", "schedule": 3600.0, "options": {"expires": 3500}},
    "recall-drafts": {"task": "recall.drafts", "schedule": 300.0, "options": {"expires": 290}},
}
