"""What beat does: one sweep a minute finds every row whose wake was lost, and every job whose worker died;
offers whose deadline has passed end within the same minute, and unsent applications are recalled within five."""

SCHEDULE = {
    "sweep": {"task": "sweep", "schedule": 60.0, "options": {"expires": 55}},
    "sweep-documents": {"task": "sweep.documents", "schedule": 60.0, "options": {"expires": 55}},
    "collect-mail": {"task": "collect.mail", "schedule": 60.0, "options": {"expires": 55}},
    "expire-offers": {"task": "expire.offers", "schedule": 60.0, "options": {"expires": 55}},
    "recall-drafts": {"task": "recall.drafts", "schedule": 300.0, "options": {"expires": 290}},
}
