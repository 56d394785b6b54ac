-- What is there already waits for the worker.
INSERT INTO files_to_compare (application_id, intake_id, institution_id) SELECT id, intake_id, institution_id FROM applications WHERE state IN ('draft', 'submitted', 'withdrawn') ORDER BY id
