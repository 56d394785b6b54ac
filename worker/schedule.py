"""What beat does: one sweep a minute finds every row whose wake was lost, and every job whose worker died."""

SCHEDULE = {"sweep": {"task": "sweep", "schedule": 60.0, "options": {"expires": 55}}}
