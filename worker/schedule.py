"""What beat does: one sweep a minute finds every row whose wake was lost, and every job whose worker died;
offers whose deadline has passed end within the same minute."""

SCHEDULE = {
    "sweep": {"task": "sweep", "schedule": 60.0, "options": {"expires": 55}},
    "expire-offers": {"task": "expire.offers", "schedule": 60.0, "options": {"expires": 55}},
}
