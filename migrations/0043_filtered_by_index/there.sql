-- The files that are there.

UPDATE applications SET noted = (1 = 1) WHERE id IN (SELECT application_id FROM notes);

UPDATE applications SET extended = (1 = 1) WHERE id IN (SELECT application_id FROM extensions WHERE revoked_at IS NULL);

UPDATE applications SET correction = (SELECT c.state FROM corrections c WHERE c.application_id = applications.id ORDER BY c.id DESC LIMIT 1) WHERE id IN (SELECT application_id FROM corrections);

UPDATE applications SET outcome = (SELECT d.outcome FROM decisions d WHERE d.application_id = applications.id AND d.notified_at IS NOT NULL ORDER BY d.id DESC LIMIT 1) WHERE id IN (SELECT application_id FROM decisions WHERE notified_at IS NOT NULL);
